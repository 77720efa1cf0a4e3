// Softmax and its logarithm over rows, shared among the threads in chunks of rows.
#include "loss/chunks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/loss.h"

typedef void forward_rows(size_t rows, size_t classes, const float *x, float *y);
typedef void backward_rows(size_t rows, size_t classes, const float *y, const float *dy, float *dx);

static void forward(forward_rows *kernel, size_t rows, size_t classes, const float *x, float *y) {
    if (classes == 0) return;
    const size_t chunk = snn_loss_chunk(rows, classes);
    SNN_PARALLEL_STEPS(snn_threads_for(SNN_SOFTMAX_COST * rows * classes), r, rows, chunk,
        { kernel(snn_min(chunk, rows - r), classes, x + r * classes, y + r * classes); });
}

/// `cost` of a number in the units of snn_threads_for.
static void backward(
    backward_rows *kernel, size_t cost, size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    if (classes == 0) return;
    const size_t chunk = snn_loss_chunk(rows, classes);
    SNN_PARALLEL_STEPS(snn_threads_for(cost * rows * classes), r, rows, chunk, {
        const size_t i = r * classes;
        kernel(snn_min(chunk, rows - r), classes, y + i, dy + i, dx + i);
    });
}

void snn_softmax_forward(size_t rows, size_t classes, const float *x, float *y) {
    forward(snn_kernels()->softmax_forward, rows, classes, x, y);
}

void snn_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    backward(snn_kernels()->softmax_backward, 2, rows, classes, y, dy, dx);
}

void snn_log_softmax_forward(size_t rows, size_t classes, const float *x, float *y) {
    forward(snn_kernels()->log_softmax_forward, rows, classes, x, y);
}

void snn_log_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    backward(snn_kernels()->log_softmax_backward, SNN_SOFTMAX_COST, rows, classes, y, dy, dx);
}
