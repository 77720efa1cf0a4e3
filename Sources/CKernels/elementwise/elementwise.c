// Elementwise operations on flat arrays: cut into spans for the threads.
#include "swiftnn/elementwise.h"

#include <stdatomic.h>

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

void snn_add(size_t count, const float *a, const float *b, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->add(snn_min(SNN_SPAN, count - i), a + i, b + i, out + i); });
}

void snn_scale(size_t count, float factor, const float *a, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->scale(snn_min(SNN_SPAN, count - i), factor, a + i, out + i); });
}

void snn_axpy(size_t count, float factor, const float *x, float *y) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->axpy(snn_min(SNN_SPAN, count - i), factor, x + i, y + i); });
}

void snn_lerp(size_t count, float part, const float *x, float *y) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->lerp(snn_min(SNN_SPAN, count - i), part, x + i, y + i); });
}

void snn_multiply(size_t count, const float *a, const float *b, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->multiply(snn_min(SNN_SPAN, count - i), a + i, b + i, out + i); });
}

void snn_clamp(size_t count, float low, float high, const float *a, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->clamp(snn_min(SNN_SPAN, count - i), low, high, a + i, out + i); });
}

void snn_fill(size_t count, float value, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(
        snn_threads_for(count), i, count, SNN_SPAN, { kernels->fill(snn_min(SNN_SPAN, count - i), value, out + i); });
}

/// Numbers summed by one thread at a time: a span or more, so that there are at most 64 partial sums, which a caller
/// can keep on its stack.
static size_t sum_chunk(size_t count) { return snn_max(SNN_SPAN, snn_round_up(snn_ceil_div(count, 64), SNN_SPAN)); }

size_t snn_sum_squares_workspace_size(size_t count) { return snn_ceil_div(count, sum_chunk(count)) * sizeof(double); }

double snn_sum_squares(size_t count, const float *x, void *workspace) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = sum_chunk(count), chunks = snn_ceil_div(count, chunk);
    double *partial = workspace;
    SNN_PARALLEL_FOR(snn_threads_for(2 * count), s, chunks,
        { partial[s] = kernels->sum_squares(snn_min(chunk, count - s * chunk), x + s * chunk); });
    double sum = 0;
    for (size_t s = 0; s < chunks; s++) sum += partial[s];
    return sum;
}

bool snn_all_finite(size_t count, const float *x) {
    const snn_kernel_table *kernels = snn_kernels();
    atomic_bool finite = true;
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN, {
        if (!kernels->all_finite(snn_min(SNN_SPAN, count - i), x + i)) {
            atomic_store_explicit(&finite, false, memory_order_relaxed);
        }
    });
    return finite;
}
