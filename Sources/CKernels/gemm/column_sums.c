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
    widened = 4096,      ///< numbers at 16 bits that are widened at a time
};

/// What is summed, and where a part of it starts.
typedef struct {
    const snn_kernel_table *kernels;
    snn_number_format format;
    const void *numbers;
} summed_numbers;

static summed_numbers numbers_from(const summed_numbers *x, size_t first) {
    const size_t bytes = first * snn_number_size(x->format);
    return (summed_numbers){.kernels = x->kernels, .format = x->format, .numbers = (const char *)x->numbers + bytes};
}

/// Sums of rows that lie x_row numbers apart.
static void sum_rows(const summed_numbers *x, size_t rows, size_t columns, size_t x_row, bool accumulate, float *sums) {
    if (x->format != SNN_BFLOAT16) {
        x->kernels->column_sums(rows, columns, x->numbers, x_row, accumulate, sums);
        return;
    }
    float floats[widened];
    const size_t step = widened / columns;
    size_t row = 0;
    do {
        const size_t count = snn_min(step, rows - row);
        for (size_t r = 0; r < count; r++) {
            const uint16_t *from = (const uint16_t *)x->numbers + (row + r) * x_row;
            x->kernels->widen_bfloat16(columns, from, floats + r * columns);
        }
        x->kernels->column_sums(count, columns, floats, columns, accumulate || row > 0, sums);
        row += step;
    } while (row < rows);
}

/// How many rows are read as one, so that a matrix of few columns fills the vectors.
static size_t rows_folded(size_t columns) { return columns < narrow_width ? snn_ceil_div(narrow_width, columns) : 1; }

static size_t rows_in_block(size_t columns) { return block_length * rows_folded(columns); }

static void sum_folded_block(const summed_numbers *x, size_t rows, size_t columns, bool accumulate, float *sums) {
    float folded_sums[2 * narrow_width];
    const size_t fold = rows_folded(columns), folded_rows = rows / fold, width = fold * columns;
    sum_rows(x, folded_rows, width, width, false, folded_sums);
    x->kernels->column_sums(fold, columns, folded_sums, columns, accumulate, sums);
    const summed_numbers rest = numbers_from(x, folded_rows * width);
    sum_rows(&rest, rows % fold, columns, columns, true, sums);
}

static void sum_blocks(const summed_numbers *x, size_t rows, size_t columns, bool accumulate, float *sums) {
    const size_t block = rows_in_block(columns), blocks = snn_max(1, snn_ceil_div(rows, block));
    const size_t slices = snn_ceil_div(columns, slice_width);
    SNN_PARALLEL_2D(snn_threads_for(rows * columns), b, blocks, s, slices, {
        const size_t column = s * slice_width, first = b * block, count = snn_min(block, rows - first);
        const summed_numbers in = numbers_from(x, first * columns + column);
        float *out = sums + b * columns + column;
        if (columns < narrow_width) {
            sum_folded_block(&in, count, columns, accumulate, out);
        } else {
            sum_rows(&in, count, snn_min(slice_width, columns - column), columns, accumulate, out);
        }
    });
}

size_t snn_column_sums_workspace_size(size_t rows, size_t columns) {
    if (columns == 0 || rows <= rows_in_block(columns)) return 0;
    return snn_round_up(snn_ceil_div(rows, rows_in_block(columns)) * columns * sizeof(float), SNN_ALIGNMENT);
}

void snn_column_sums(size_t rows, size_t columns, snn_number_format format, const void *x, bool accumulate, float *sums,
    void *workspace) {
    if (columns == 0) return;
    const summed_numbers numbers = {.kernels = snn_kernels(), .format = format, .numbers = x};
    const size_t block = rows_in_block(columns);
    if (rows <= block) {
        sum_blocks(&numbers, rows, columns, accumulate, sums);
        return;
    }
    sum_blocks(&numbers, rows, columns, false, workspace);
    numbers.kernels->column_sums(snn_ceil_div(rows, block), columns, workspace, columns, accumulate, sums);
}
