// The losses that are sums over single numbers.
#include "loss/chunks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/loss.h"

typedef double (*pointwise_kernel)(size_t count, float factor, const float *x, const float *targets, float *dx);

/// The sum of the kernel's terms.
static double sum_of(pointwise_kernel kernel, size_t cost, size_t count, float factor, const float *x,
    const float *targets, float *dx, double *partial) {
    const size_t chunk = snn_loss_chunk(count, 1);
    SNN_PARALLEL_STEPS(snn_threads_for(cost * count), i, count, chunk, {
        partial[i / chunk] = kernel(snn_min(chunk, count - i), factor, x + i, targets + i, dx != NULL ? dx + i : NULL);
    });
    return snn_loss_total(count, chunk, partial);
}

double snn_mse(size_t count, float scale, const float *x, const float *targets, float *dx, void *workspace) {
    return scale * sum_of(snn_kernels()->mse, 1, count, 2 * scale, x, targets, dx, workspace);
}

double snn_bce_with_logits(
    size_t count, float scale, const float *x, const float *targets, float *dx, void *workspace) {
    return scale * sum_of(snn_kernels()->bce_with_logits, SNN_SOFTMAX_COST, count, scale, x, targets, dx, workspace);
}
