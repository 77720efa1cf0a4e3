// Column sums: blocks of rows are summed apart, whatever the number of threads, and their sums summed in turn. Short
// blocks also keep the rounding errors small.
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/gemm.h"
#include "swiftnn/runtime.h"

enum {
    block_length = 256,  ///< additions in a row
    slice_width = 512,   ///< columns shared out at a time
    narrow_width = 32,   ///< below so many columns, several rows are read as one
};

/// How many rows are read as one, so that a matrix of few columns fills the vectors.
static size_t rows_folded(size_t columns) { return columns < narrow_width ? snn_ceil_div(narrow_width, columns) : 1; }

static size_t rows_in_block(size_t columns) { return block_length * rows_folded(columns); }

static void sum_folded_block(
    const snn_kernel_table *kernels, size_t rows, size_t columns, const float *x, bool accumulate, float *sums) {
    float folded_sums[2 * narrow_width];
    const size_t fold = rows_folded(columns), folded_rows = rows / fold, width = fold * columns;
    kernels->column_sums(folded_rows, width, x, width, false, folded_sums);
    kernels->column_sums(fold, columns, folded_sums, columns, accumulate, sums);
    kernels->column_sums(rows % fold, columns, x + folded_rows * width, columns, true, sums);
}

static void sum_blocks(
    const snn_kernel_table *kernels, size_t rows, size_t columns, const float *x, bool accumulate, float *sums) {
    const size_t block = rows_in_block(columns), blocks = snn_max(1, snn_ceil_div(rows, block));
    const size_t slices = snn_ceil_div(columns, slice_width);
    SNN_PARALLEL_2D(snn_threads_for(rows * columns), b, blocks, s, slices, {
        const size_t column = s * slice_width, first = b * block, count = snn_min(block, rows - first);
        const float *in = x + first * columns + column;
        float *out = sums + b * columns + column;
        if (columns < narrow_width) {
            sum_folded_block(kernels, count, columns, in, accumulate, out);
        } else {
            kernels->column_sums(count, snn_min(slice_width, columns - column), in, columns, accumulate, out);
        }
    });
}

size_t snn_column_sums_workspace_size(size_t rows, size_t columns) {
    if (columns == 0 || rows <= rows_in_block(columns)) return 0;
    return snn_round_up(snn_ceil_div(rows, rows_in_block(columns)) * columns * sizeof(float), SNN_ALIGNMENT);
}

void snn_column_sums(size_t rows, size_t columns, const float *x, bool accumulate, float *sums, void *workspace) {
    if (columns == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t block = rows_in_block(columns);
    if (rows <= block) {
        sum_blocks(kernels, rows, columns, x, accumulate, sums);
        return;
    }
    sum_blocks(kernels, rows, columns, x, false, workspace);
    kernels->column_sums(snn_ceil_div(rows, block), columns, workspace, columns, accumulate, sums);
}
