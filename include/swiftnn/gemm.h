// Matrix products: C = activation(alpha * op(A) * op(B) + beta * C + bias).
#ifndef SWIFTNN_GEMM_H
#define SWIFTNN_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "activation.h"
#include "bfloat16.h"

/// op(A) is m x k, op(B) is k x n, C is m x n, all row-major. Leading dimensions count elements between the starts of
/// rows as stored: lda >= k, or >= m where A is transposed (stored k x m); ldb and ldc likewise.
typedef struct {
    size_t m, n, k;
    bool transpose_a, transpose_b;
    size_t lda, ldb, ldc;
    float alpha, beta;  ///< with beta = 0, C is not read
    /// Whether A and B hold numbers that bfloat16 has (snn_round_to_bfloat16), which some CPUs multiply at 16 bits: the
    /// sums are float32's all the same, but subnormal numbers count as 0.
    bool bfloat16;
    /// Whether C is rounded to what bfloat16 has when it is finished.
    bool rounds;
} snn_gemm_shape;

/// What happens to a finished row of C before it leaves the cache.
typedef struct {
    const float *bias;  ///< n numbers added to every row, or NULL
    snn_activation activation;
} snn_epilogue;

/// How the k rows of B are ordered in memory: feature f = c * spatial + s of the matrix as given is multiplied with
/// element s * channels + c of a row of A. {1, k} keeps the order. This lets a linear layer read a channels-last image
/// in place, while its weights keep the order of a channels-first one.
typedef struct {
    size_t channels, spatial;
} snn_feature_order;

/// Bytes of workspace for `snn_gemm` by the tier in use, enough for any number of threads.
size_t snn_gemm_workspace_size(const snn_gemm_shape *shape);

/// The product; `epilogue` may be NULL.
void snn_gemm(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue, float *c,
    void *workspace);

/// Bytes of op(B) packed for `snn_gemm_packed` by the tier in use; m may be any.
size_t snn_gemm_packed_size(const snn_gemm_shape *shape);

/// Packs op(B) for products of this shape with any m. Of order, channels * spatial = k.
void snn_gemm_pack_b(const snn_gemm_shape *shape, snn_feature_order order, const float *b, void *packed);

/// `snn_gemm` with B packed beforehand.
void snn_gemm_packed(const snn_gemm_shape *shape, const float *a, const void *packed_b, const snn_epilogue *epilogue,
    float *c, void *workspace);
size_t snn_gemm_packed_workspace_size(const snn_gemm_shape *shape);

/// sums[j] = sum over rows of x[row][j] (+ sums[j] where accumulate): a bias gradient.
void snn_column_sums(size_t rows, size_t columns, snn_number_format format, const void *x, bool accumulate, float *sums,
    void *workspace);
size_t snn_column_sums_workspace_size(size_t rows, size_t columns);

/// The same product by OpenBLAS, in single and in double precision (not bit-identical across thread counts).
/// The scalars alpha and beta of the shape are used in both. What has openblas in its name is there on Linux only.
void snn_openblas_sgemm(const snn_gemm_shape *shape, const float *a, const float *b, float *c);
void snn_openblas_dgemm(const snn_gemm_shape *shape, const double *a, const double *b, double *c);
/// Sets how many threads OpenBLAS uses; snn_set_thread_count does not.
void snn_openblas_set_threads(int count);
/// OpenBLAS's own name of the kernels it chose ("Haswell", "Zen", "SkylakeX", ...).
const char *snn_openblas_core(void);
/// Its version and options ("OpenBLAS 0.3.21 ...").
const char *snn_openblas_config(void);

#endif
