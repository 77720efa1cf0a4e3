// Changes of memory order.
#include "swiftnn/layout.h"

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Rows and columns of a block that stays in the first-level cache together with its transpose.
enum { block = 64 };

void snn_transpose(size_t batch, size_t rows, size_t columns, const float *x, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t row_blocks = snn_ceil_div(rows, block), column_blocks = snn_ceil_div(columns, block);
    SNN_PARALLEL_FOR_3(
        snn_threads_for(batch * rows * columns), for (size_t b = 0; b < batch; b++) {
            for (size_t i = 0; i < row_blocks; i++) {
                for (size_t j = 0; j < column_blocks; j++) {
                    const size_t row = i * block, column = j * block, matrix = b * rows * columns;
                    kernels->transpose(snn_min(block, rows - row), snn_min(block, columns - column),
                        x + matrix + row * columns + column, columns, out + matrix + column * rows + row, rows);
                }
            }
        });
}
