// Products of few rows of A with rows of B: vectors run along the depth, and a vector's worth of sums is added up at
// once.
#include "swiftnn/gemm.h"

/// The sums of the lanes of SIMD_WIDTH vectors, a lane each.
SIMD_INLINE vf v_sums(vf rows[SIMD_WIDTH]) {
    v_transpose(rows);
#pragma clang loop unroll(full)
    for (size_t half = SIMD_WIDTH / 2; half > 0; half /= 2) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < half; i++) rows[i] += rows[i + half];
    }
    return rows[0];
}

/// The products of `x` with SIMD_WIDTH rows of B.
SIMD_INLINE vf dot_group(size_t depth, const float *x, const float *const *b) {
    vf sums[SIMD_WIDTH];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SIMD_WIDTH; i++) sums[i] = v_zero();
    size_t k = 0;
    for (; k + SIMD_WIDTH <= depth; k += SIMD_WIDTH) {
        const vf v = v_load(x + k);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < SIMD_WIDTH; i++) sums[i] = v_fma(v, v_load(b[i] + k), sums[i]);
    }
    if (k < depth) {
        const vf v = v_load_n(x + k, depth - k);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < SIMD_WIDTH; i++) sums[i] = v_fma(v, v_load_n(b[i] + k, depth - k), sums[i]);
    }
    return v_sums(sums);
}

/// `columns` columns of C = alpha * A * op(B), from as many rows of B as it is stored, transposed.
static void gemm_dots(const snn_gemm_shape *shape, const float *a, const float *b, size_t columns, float *c) {
    for (size_t first = 0; first < columns; first += SIMD_WIDTH) {
        const size_t lanes = lanes_at(first, columns);
        const float *rows[SIMD_WIDTH];
        for (size_t i = 0; i < SIMD_WIDTH; i++) rows[i] = b + (first + (i < lanes ? i : 0)) * shape->ldb;
        for (size_t row = 0; row < shape->m; row++) {
            const vf sums = v_set1(shape->alpha) * dot_group(shape->k, a + row * shape->lda, rows);
            v_store_lanes(c + row * shape->ldc + first, sums, lanes);
        }
    }
}
