#include "gemm/dots.h"

#include "gemm/epilogue.h"
#include "gemm/packing.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// What a row of C costs by dot products, in multiply-adds: of whole vectors, and to add up the lanes of each sum. Rows
/// of B that do not stay in the first-level cache stream through it once more for every tile.
static double cost_of_dots(const snn_gemm_shape *shape) {
    enum { tile_columns = 4, lane_sums = 60 };
    const size_t columns = snn_round_up(shape->n, tile_columns), depth = snn_round_up(shape->k, snn_kernels()->width);
    const bool streams = tile_columns * shape->k * sizeof(float) > snn_l1_cache_size();
    return (double)columns * ((double)depth * (streams ? 1.5 : 1) + lane_sums);
}

/// The same where B is packed, which then serves all rows.
static double cost_of_panels(const snn_gemm_shape *shape) {
    enum { packing = 40 };
    const size_t columns = snn_round_up(shape->n, snn_kernels()->width);
    return (double)(columns * shape->k) + (double)(packing * shape->n * shape->k) / (double)snn_max(shape->m, 1);
}

bool gemm_prefers_dots(const snn_gemm_shape *shape) {
    if (!shape->transpose_b || shape->transpose_a || shape->beta != 0 || gemm_blocks(shape) != NULL) return false;
    return cost_of_dots(shape) < cost_of_panels(shape);
}

/// A block of C from the sums in it.
static void finish_block(const snn_kernel_table *kernels, const snn_gemm_shape *shape, const snn_epilogue *epilogue,
    size_t rows, size_t first, size_t end, float *c) {
    const float *bias = snn_epilogue_bias(epilogue, first);
    const bool activated = snn_epilogue_activates(epilogue);
    for (size_t row = 0; row < rows; row++) {
        float *out = c + row * shape->ldc;
        if (bias != NULL) kernels->add(end - first, out, bias, out);
        if (activated) kernels->activation_forward(epilogue->activation, end - first, out, out);
        if (shape->rounds) kernels->round_to_bfloat16(end - first, out, out);
    }
}

/// Rows of a block, where there are so many.
enum { fewest_rows = 16 };

/// Rows of a block: as many as stay in half of the second-level cache while the rows of B pass, but enough blocks to
/// share.
static size_t block_rows(const snn_gemm_shape *shape, size_t column_blocks) {
    enum { wanted_blocks = 16 };
    const size_t fitting = snn_l2_cache_size() / 2 / snn_max(shape->k * sizeof(float), 1);
    const size_t sharing = snn_ceil_div(shape->m * column_blocks, wanted_blocks);
    return snn_even_piece(shape->m, snn_max(fewest_rows, snn_min(fitting, sharing)));
}

void gemm_by_dots(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue, float *c) {
    enum { block_columns = 32 };
    const snn_kernel_table *kernels = snn_kernels();
    // To share a product of one block takes longer than its sums.
    if (shape->m <= fewest_rows && shape->n <= block_columns) {
        kernels->gemm_dots(shape, shape->m, shape->n, a, b, c);
        finish_block(kernels, shape, epilogue, shape->m, 0, shape->n, c);
        return;
    }
    const size_t column_blocks = snn_ceil_div(shape->n, block_columns), rows = block_rows(shape, column_blocks);
    SNN_PARALLEL_2D(
        snn_threads_for_products(shape->m * shape->n * shape->k), i, column_blocks, j, snn_ceil_div(shape->m, rows), {
            const size_t first = i * block_columns, end = snn_min(first + block_columns, shape->n);
            const size_t row = j * rows, count = snn_min(rows, shape->m - row);
            float *block = c + row * shape->ldc + first;
            kernels->gemm_dots(shape, count, end - first, a + row * shape->lda, b + first * shape->ldb, block);
            finish_block(kernels, shape, epilogue, count, first, end, block);
        });
}
