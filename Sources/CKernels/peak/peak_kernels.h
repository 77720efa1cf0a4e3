// The multiply-add micro-kernel: nothing but arithmetic in registers.

/// Independent sums: as many as the register tile has, and never fewer than two units with a latency of six need.
#define PEAK_SUMS (SIMD_TILE_ROWS * SIMD_TILE_VECTORS > 12 ? SIMD_TILE_ROWS * SIMD_TILE_VECTORS : 12)

/// Adds `product`s of two vectors, which the compiler must not know. Returns a number so that the sums cannot be
/// optimised away.
SIMD_INLINE float add_products(vf (*const product)(vf, vf, vf), vf left, vf right, size_t rounds) {
    vf sums[PEAK_SUMS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < PEAK_SUMS; i++) sums[i] = v_set1((float)i);
    for (size_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < PEAK_SUMS; i++) sums[i] = product(left, right, sums[i]);
    }
    vf total = v_zero();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < PEAK_SUMS; i++) total += sums[i];
    return v_sum(total);
}

/// Writes the operations of one round.
static float multiply_add(size_t rounds, size_t *operations_per_round) {
    volatile float left = 0.75f, right = 0.25f;
    *operations_per_round = 2 * SIMD_WIDTH * PEAK_SUMS;
    return add_products(v_fma, v_set1(left), v_set1(right), rounds);
}
