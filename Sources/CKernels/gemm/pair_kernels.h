// The micro-kernels for pairs of bfloat16 numbers, written against v_add_pair_products.
#include "gemm/pairs.h"

static void pair_tile(const snn_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
#define CALL(R, V) gemm_tile_sized(R, V, false, v_add_pair_products, tile)
    TILE_CASES(CALL, SIMD_TILE_ROWS)
#undef CALL
}

static void pair_columns(size_t rows, size_t columns, const float *x, size_t x_row, float *out) {
    uint16_t *halves = (uint16_t *)out;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, columns);
            const vu bits = (vu)v_load_lanes(x + r * x_row + c, lanes);
            v_store_lanes_u16(halves + c, (vi)(bits >> 16), lanes);
        }
        if (columns % 2 == 1) halves[columns] = 0;
        halves += snn_round_up(columns, 2);
    }
}

static void pair_rows(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    for (size_t r = 0; r < rows; r += 2) {
        for (size_t c = 0; c < columns; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, columns);
            const float *p = x + r * x_row + c;
            const vu low = (vu)v_load_lanes(p, lanes);
            const vu high = r + 1 < rows ? (vu)v_load_lanes(p + x_row, lanes) : (vu)0;
            v_store_lanes(out + r / 2 * out_row + c, (vf)(low >> 16 | (high & 0xffff0000)), lanes);
        }
    }
}

/// Writes the operations of one round: two products in each lane.
static float pair_multiply_add(size_t rounds, size_t *operations_per_round) {
    // Pairs of 0.75 and of 0.25.
    volatile uint32_t left = 0x3f403f40, right = 0x3e803e80;
    *operations_per_round = 2 * 2 * SIMD_WIDTH * PEAK_SUMS;
    return add_products(v_add_pair_products, (vf)((vu)0 + left), (vf)((vu)0 + right), rounds);
}

const snn_pair_kernels SNN_TIER_PAIRS = {
    .tile = pair_tile,
    .pair_columns = pair_columns,
    .pair_rows = pair_rows,
    .multiply_add = pair_multiply_add,
};
