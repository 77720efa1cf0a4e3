#include "gemm/transposed.h"

#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// So few rows are multiplied with each row of B as it lies: a vector of B serves every one of them.
enum { dot_rows = 4 };

bool gemm_is_transposed(const snn_gemm_shape *shape) {
    if (!shape->transpose_b || shape->transpose_a || shape->beta != 0) return false;
    // Numbers packed one way and the other; C' is written and read once more.
    return shape->m <= dot_rows || shape->m * (shape->k + 2 * shape->n) < shape->n * shape->k;
}

static snn_gemm_shape transposed_shape(const snn_gemm_shape *shape) {
    return (snn_gemm_shape){
        .m = shape->n,
        .n = shape->m,
        .k = shape->k,
        .transpose_b = true,
        .lda = shape->ldb,
        .ldb = shape->lda,
        .ldc = shape->m,
        .alpha = shape->alpha,
        .bfloat16 = shape->bfloat16,
    };
}

static size_t transposed_c_bytes(const snn_gemm_shape *shape) {
    return snn_round_up(shape->m * shape->n * sizeof(float), SNN_ALIGNMENT);
}

size_t gemm_transposed_workspace_size(const snn_gemm_shape *shape) {
    if (shape->m <= dot_rows) return 0;
    const snn_gemm_shape transposed = transposed_shape(shape);
    return transposed_c_bytes(shape) + snn_gemm_workspace_size(&transposed);
}

/// C's columns [first, end) from the sums in them.
static void finish_columns(const snn_kernel_table *kernels, const snn_gemm_shape *shape, const snn_epilogue *epilogue,
    size_t first, size_t end, float *c) {
    const float *bias = snn_epilogue_bias(epilogue, first);
    const bool activated = snn_epilogue_activates(epilogue);
    for (size_t row = 0; row < shape->m; row++) {
        float *out = c + row * shape->ldc + first;
        if (bias != NULL) kernels->add(end - first, out, bias, out);
        if (activated) kernels->activation_forward(epilogue->activation, end - first, out, out);
        if (shape->rounds) kernels->round_to_bfloat16(end - first, out, out);
    }
}

void gemm_transposed(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue,
    float *c, void *workspace) {
    const snn_kernel_table *kernels = snn_kernels();
    const bool dots = shape->m <= dot_rows;
    float *transposed_c = workspace;
    if (!dots) {
        const snn_gemm_shape transposed = transposed_shape(shape);
        snn_gemm(&transposed, b, a, NULL, transposed_c, (char *)workspace + transposed_c_bytes(shape));
    }
    // A group of columns is finished while it is in cache.
    const size_t group = 64, groups = snn_ceil_div(shape->n, group);
    const size_t work = shape->m * shape->n * (dots ? shape->k / 4 : 1);
    SNN_PARALLEL_FOR(snn_threads_for(work), g, groups, {
        const size_t first = g * group, end = snn_min(first + group, shape->n);
        if (dots) {
            kernels->gemm_dots(shape, a, b + first * shape->ldb, end - first, c + first);
        } else {
            kernels->transpose(end - first, shape->m, transposed_c + first * shape->m, shape->m, c + first, shape->ldc);
        }
        finish_columns(kernels, shape, epilogue, first, end, c);
    });
}
