// Mixing the rows of a batch in pairs: the first with the last, and so on.
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/augment.h"

void snn_mix_rows(size_t rows, size_t size, float own, float *x) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_FOR(snn_threads_for(rows * size), row, rows / 2,
        { kernels->mix(size, own, x + row * size, x + (rows - 1 - row) * size); });
}
