// Products of blocks by AVX512-BF16: two products in each lane.
#include "gemm/block_kernels.h"

/// c + a * b for both of the bfloat16 numbers in each lane, the upper ones first.
#if defined(SWIFTNN_EMULATE_AVX512)
SIMD_INLINE vf v_add_pair_products(vf a, vf b, vf c) {
    const vf upper = v_fma((vf)((vu)a & 0xffff0000), (vf)((vu)b & 0xffff0000), c);
    return v_fma((vf)((vu)a << 16), (vf)((vu)b << 16), upper);
}
#else
SIMD_INLINE vf v_add_pair_products(vf a, vf b, vf c) {
    return (vf)_mm512_dpbf16_ps((__m512)c, (__m512bh)a, (__m512bh)b);
}
#endif

/// Rows whose sums are in registers at a time.
enum { block_strip = 8 };

typedef vf block_strip_sums[block_strip][SNN_BLOCK / SIMD_WIDTH];

/// Adds the products of one block of both to the sums of a strip of rows, and fetches the rows of the next block of A,
/// a line each; `vectors` of columns is a constant.
SIMD_INLINE void add_block_to_strip(
    const float *a, size_t a_row, const float *next_a, const float *b, const size_t vectors, block_strip_sums sums) {
    enum { pairs_of_a_fetch = SNN_BLOCK_PAIRS / block_strip };
    for (size_t k = 0; k < SNN_BLOCK_PAIRS; k++) {
        __builtin_prefetch(next_a + k / pairs_of_a_fetch * a_row);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < block_strip; i++) {
            const vf pair = v_set1(a[i * a_row + k]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) {
                sums[i][v] = v_add_pair_products(pair, v_load(b + k * SNN_BLOCK + v * SIMD_WIDTH), sums[i][v]);
            }
        }
    }
}

SIMD_INLINE void sum_block_strip(
    const snn_block_product *product, const size_t vectors, size_t first_row, block_sums out) {
    block_strip_sums sums;
    for (size_t i = 0; i < block_strip; i++) {
        for (size_t v = 0; v < vectors; v++) sums[i][v] = v_zero();
    }
    for (const snn_block_run *run = product->runs, *end = run + product->run_count; run < end; run++) {
        const uint16_t *a = run->a + first_row * product->a_row, *b = run->b;
        for (size_t i = 0; i < run->count; i++, a += run->a_step, b += run->b_step) {
            add_block_to_strip((const float *)a, product->a_row / 2, (const float *)(a + run->a_step), (const float *)b,
                vectors, sums);
        }
    }
    for (size_t i = 0; i < block_strip; i++) {
        for (size_t v = 0; v < vectors; v++) v_store(out[first_row + i] + v * SIMD_WIDTH, sums[i][v]);
    }
}

/// The registers are those of all vectors.
static void block_no_setup(void) {}

static void block_product_by_pairs(const snn_block_product *product) {
    block_sums sums;
    block_fetch_target(product);
    for (size_t row = 0; row < snn_block_rows(product); row += block_strip) {
        if (product->columns > SIMD_WIDTH) {
            sum_block_strip(product, 2, row, sums);
        } else {
            sum_block_strip(product, 1, row, sums);
        }
    }
    block_store(product, sums);
}

/// Writes the operations of one round: two products in each lane.
static float pair_multiply_add(size_t rounds, size_t *operations_per_round) {
    // Pairs of 0.75 and of 0.25.
    volatile uint32_t left = 0x3f403f40, right = 0x3e803e80;
    *operations_per_round = 2 * 2 * SIMD_WIDTH * PEAK_SUMS;
    return add_products(v_add_pair_products, (vf)((vu)0 + left), (vf)((vu)0 + right), rounds);
}

const snn_block_kernels snn_blocks_avx512 = {
    .begin = block_no_setup,
    .end = block_no_setup,
    .product = block_product_by_pairs,
    .copy_rows = block_copy_rows,
    .copy_float_rows = block_copy_float_rows,
    .copy_pairs = block_copy_pairs,
    .copy_float_pairs = block_copy_float_pairs,
    .multiply_add = pair_multiply_add,
};
