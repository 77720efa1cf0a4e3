// Changes of memory order.
#include "swiftnn/layout.h"

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Rows and columns of a block that stays in the first-level cache together with its transpose.
enum { block = 64 };

void snn_transpose(size_t batch, size_t rows, size_t columns, const float *x, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t row_blocks = snn_ceil_div(rows, block), column_blocks = snn_ceil_div(columns, block);
    SNN_PARALLEL_2D(snn_threads_for(batch * rows * columns), b, batch, place, row_blocks * column_blocks, {
        const size_t row = place / column_blocks * block, column = place % column_blocks * block;
        const size_t matrix = b * rows * columns;
        kernels->transpose(snn_min(block, rows - row), snn_min(block, columns - column),
            x + matrix + row * columns + column, columns, out + matrix + column * rows + row, rows);
    });
}
