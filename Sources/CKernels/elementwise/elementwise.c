// Elementwise operations on flat arrays: cut into spans for the threads.
#include "swiftnn/elementwise.h"

#include <stdatomic.h>

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

void snn_add(size_t count, const float *a, const float *b, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(count))
    for (size_t i = 0; i < count; i += SNN_SPAN) kernels->add(snn_min(SNN_SPAN, count - i), a + i, b + i, out + i);
}

void snn_scale(size_t count, float factor, const float *a, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(count))
    for (size_t i = 0; i < count; i += SNN_SPAN) kernels->scale(snn_min(SNN_SPAN, count - i), factor, a + i, out + i);
}

void snn_axpy(size_t count, float factor, const float *x, float *y) {
    const snn_kernel_table *kernels = snn_kernels();
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(count))
    for (size_t i = 0; i < count; i += SNN_SPAN) kernels->axpy(snn_min(SNN_SPAN, count - i), factor, x + i, y + i);
}

void snn_multiply(size_t count, const float *a, const float *b, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(count))
    for (size_t i = 0; i < count; i += SNN_SPAN) kernels->multiply(snn_min(SNN_SPAN, count - i), a + i, b + i, out + i);
}

void snn_fill(size_t count, float value, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(count))
    for (size_t i = 0; i < count; i += SNN_SPAN) kernels->fill(snn_min(SNN_SPAN, count - i), value, out + i);
}

size_t snn_sum_squares_workspace_size(size_t count) { return snn_ceil_div(count, SNN_SPAN) * sizeof(double); }

double snn_sum_squares(size_t count, const float *x, void *workspace) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t spans = snn_ceil_div(count, SNN_SPAN);
    double *partial = workspace;
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(2 * count))
    for (size_t s = 0; s < spans; s++) {
        partial[s] = kernels->sum_squares(snn_min(SNN_SPAN, count - s * SNN_SPAN), x + s * SNN_SPAN);
    }
    double sum = 0;
    for (size_t s = 0; s < spans; s++) sum += partial[s];
    return sum;
}

bool snn_all_finite(size_t count, const float *x) {
    const snn_kernel_table *kernels = snn_kernels();
    atomic_bool finite = true;
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(count))
    for (size_t i = 0; i < count; i += SNN_SPAN) {
        if (!kernels->all_finite(snn_min(SNN_SPAN, count - i), x + i)) {
            atomic_store_explicit(&finite, false, memory_order_relaxed);
        }
    }
    return finite;
}
