// The multiply-add micro-kernel: nothing but arithmetic in registers.

/// Independent sums: as many as the register tile has, and never fewer than two units with a latency of six need.
#define PEAK_SUMS (SIMD_TILE_ROWS * SIMD_TILE_VECTORS > 12 ? SIMD_TILE_ROWS * SIMD_TILE_VECTORS : 12)

/// Returns a number so that the sums cannot be optimised away; writes the operations of one round.
static float multiply_add(size_t rounds, size_t *operations_per_round) {
    // They stay finite and normal: s * 0.75 + 0.25 tends to 1. Read through a volatile, they are not constants.
    volatile float factor_in_memory = 0.75f, offset_in_memory = 0.25f;
    const vf factor = v_set1(factor_in_memory), offset = v_set1(offset_in_memory);
    vf sums[PEAK_SUMS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < PEAK_SUMS; i++) sums[i] = v_set1((float)i);
    for (size_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < PEAK_SUMS; i++) sums[i] = v_fma(sums[i], factor, offset);
    }
    vf total = v_zero();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < PEAK_SUMS; i++) total += sums[i];
    *operations_per_round = 2 * SIMD_WIDTH * PEAK_SUMS;
    return v_sum(total);
}
