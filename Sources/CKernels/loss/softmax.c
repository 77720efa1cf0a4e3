// Softmax and its logarithm over rows, shared among the threads in chunks of rows.
#include "loss/chunks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/loss.h"

void snn_softmax_forward(size_t rows, size_t classes, const float *x, float *y) {
    if (classes == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = snn_loss_chunk(rows, classes);
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(SNN_SOFTMAX_COST *rows *classes))
    for (size_t r = 0; r < rows; r += chunk) {
        kernels->softmax_forward(snn_min(chunk, rows - r), classes, x + r * classes, y + r * classes);
    }
}

void snn_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    if (classes == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = snn_loss_chunk(rows, classes);
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(2 * rows * classes))
    for (size_t r = 0; r < rows; r += chunk) {
        const size_t i = r * classes;
        kernels->softmax_backward(snn_min(chunk, rows - r), classes, y + i, dy + i, dx + i);
    }
}

void snn_log_softmax_forward(size_t rows, size_t classes, const float *x, float *y) {
    if (classes == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = snn_loss_chunk(rows, classes);
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(SNN_SOFTMAX_COST *rows *classes))
    for (size_t r = 0; r < rows; r += chunk) {
        kernels->log_softmax_forward(snn_min(chunk, rows - r), classes, x + r * classes, y + r * classes);
    }
}

void snn_log_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    if (classes == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = snn_loss_chunk(rows, classes);
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(SNN_SOFTMAX_COST *rows *classes))
    for (size_t r = 0; r < rows; r += chunk) {
        const size_t i = r * classes;
        kernels->log_softmax_backward(snn_min(chunk, rows - r), classes, y + i, dy + i, dx + i);
    }
}
