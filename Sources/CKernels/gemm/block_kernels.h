// The micro-kernels for blocks of bfloat16 numbers: copies to them, and what is done with a product's sums. Included by
// what computes the sums.
#include "bfloat16/rounding.h"
#include "gemm/blocks.h"

_Static_assert(SIMD_TILE_COLUMNS == SNN_BLOCK, "a panel is as wide as a block");

typedef float block_sums[SNN_BLOCK][SNN_BLOCK] __attribute__((aligned(64)));

/// C = alpha * sums + beta * C + bias, for one vector of columns; `lanes` is a constant where there are that many, and
/// so are whether beta is 0 and whether C is rounded.
SIMD_INLINE void block_store_columns(const snn_block_product *product, block_sums sums, size_t column,
    const size_t lanes, const bool adds, const bool rounds) {
    // Of its own, or every row would read the product anew, which C might be a part of.
    const size_t rows = product->rows, c_row = product->c_row;
    const vf alpha = v_set1(product->alpha), beta = v_set1(product->beta);
    const vf offset = product->bias != NULL ? v_load_lanes(product->bias + column, lanes) : v_zero();
    for (size_t g = 0; g < product->groups; g++) {
        const float *sum = sums[g * product->group_rows] + column;
        float *c = product->c + g * product->c_group + column;
        for (size_t r = 0; r < rows; r++, c += c_row, sum += SNN_BLOCK) {
            vf result = v_fma(alpha, v_load(sum), offset);
            if (adds) result = v_fma(beta, v_load_lanes(c, lanes), result);
            v_store_lanes(c, rounds ? v_round_to_bfloat16(result) : result, lanes);
        }
    }
}

SIMD_INLINE void block_store_vectors(
    const snn_block_product *product, block_sums sums, const bool adds, const bool rounds) {
    size_t column = 0;
    for (; column + SIMD_WIDTH <= product->columns; column += SIMD_WIDTH) {
        block_store_columns(product, sums, column, SIMD_WIDTH, adds, rounds);
    }
    if (column < product->columns) {
        block_store_columns(product, sums, column, product->columns - column, adds, rounds);
    }
}

static void block_store(const snn_block_product *product, block_sums sums) {
    const bool adds = product->beta != 0;
    if (adds && product->rounds) {
        block_store_vectors(product, sums, true, true);
    } else if (adds) {
        block_store_vectors(product, sums, true, false);
    } else if (product->rounds) {
        block_store_vectors(product, sums, false, true);
    } else {
        block_store_vectors(product, sums, false, false);
    }
}

/// Up to a whole vector of the numbers left of a row, and zeros behind the last one or where there is no row.
SIMD_INLINE vu block_bits(const float *x, size_t left) {
    if (x == NULL || left == 0) return (vu)0;
    return (vu)(left >= SIMD_WIDTH ? v_load(x) : v_load_n(x, left));
}

static void block_copy_rows(
    size_t rows, size_t columns, const float *x, size_t x_row, uint16_t *out, size_t out_row, size_t out_block) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SNN_BLOCK) {
            uint16_t *row = out + r * out_row + c / SNN_BLOCK * out_block;
            for (size_t v = 0; v < SNN_BLOCK; v += SIMD_WIDTH) {
                const size_t left = c + v < columns ? columns - c - v : 0;
                v_store_u16(row + v, (vi)(block_bits(x + r * x_row + c + v, left) >> 16));
            }
        }
    }
}

static void block_copy_pairs(size_t rows, size_t columns, const float *first, const float *second, size_t x_row,
    uint16_t *out, size_t out_row, size_t out_block) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SNN_BLOCK) {
            uint16_t *row = out + r * out_row + c / SNN_BLOCK * out_block;
            for (size_t v = 0; v < SNN_BLOCK; v += SIMD_WIDTH) {
                const size_t at = r * x_row + c + v, left = c + v < columns ? columns - c - v : 0;
                const vu low = block_bits(first == NULL ? NULL : first + at, left);
                const vu high = block_bits(second == NULL ? NULL : second + at, left);
                v_store((float *)(row + 2 * v), (vf)(low >> 16 | (high & 0xffff0000)));
            }
        }
    }
}
