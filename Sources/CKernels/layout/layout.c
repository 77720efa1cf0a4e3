// Changes of memory order.
#include "swiftnn/layout.h"

#include "runtime/parallel.h"

/// A square that fits in the first-level cache together with its transpose.
enum { block = 32 };

static void transpose_block(
    size_t rows, size_t columns, size_t first_row, size_t first_column, const float *x, float *out) {
    const size_t end_row = snn_min(first_row + block, rows), end_column = snn_min(first_column + block, columns);
    for (size_t c = first_column; c < end_column; c++) {
        for (size_t r = first_row; r < end_row; r++) out[c * rows + r] = x[r * columns + c];
    }
}

void snn_transpose(size_t batch, size_t rows, size_t columns, const float *x, float *out) {
    const size_t row_blocks = snn_ceil_div(rows, block), column_blocks = snn_ceil_div(columns, block);
#pragma omp parallel for collapse(3) schedule(static) num_threads(snn_threads_for(batch *rows *columns))
    for (size_t b = 0; b < batch; b++) {
        for (size_t r = 0; r < row_blocks; r++) {
            for (size_t c = 0; c < column_blocks; c++) {
                transpose_block(rows, columns, r * block, c * block, x + b * rows * columns, out + b * rows * columns);
            }
        }
    }
}
