// The activations on whole arrays, cut into spans for the threads.
#include "swiftnn/activation.h"

#include "activation/cost.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

bool snn_activation_invertible(snn_activation activation) {
    switch (activation.kind) {
        case SNN_IDENTITY:
        case SNN_BINARY_STEP:
        case SNN_SIGMOID:
        case SNN_TANH:
        case SNN_RELU:
        case SNN_SOFTPLUS: return true;
        case SNN_LEAKY_RELU: return activation.parameter > 0;
        default: return false;
    }
}

void snn_activation_forward(snn_activation activation, size_t count, const float *x, float *y) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count * snn_activation_cost(activation)), i, count, SNN_SPAN,
        { kernels->activation_forward(activation, snn_min(SNN_SPAN, count - i), x + i, y + i); });
}

void snn_activation_backward(snn_activation activation, size_t count, const float *x, const float *dy, float *dx) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count * snn_activation_cost(activation)), i, count, SNN_SPAN,
        { kernels->activation_backward(activation, snn_min(SNN_SPAN, count - i), x + i, dy + i, dx + i); });
}

void snn_activation_backward_from_output(
    snn_activation activation, size_t count, const float *y, const float *dy, float *dx) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count * snn_activation_cost(activation)), i, count, SNN_SPAN,
        { kernels->activation_backward_from_output(activation, snn_min(SNN_SPAN, count - i), y + i, dy + i, dx + i); });
}

void snn_activation_forward_of_sum(
    snn_activation activation, size_t count, const float *a, const float *b, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count * snn_activation_cost(activation)), i, count, SNN_SPAN, {
        const size_t size = snn_min(SNN_SPAN, count - i);
        kernels->add(size, a + i, b + i, out + i);
        kernels->activation_forward(activation, size, out + i, out + i);
    });
}

void snn_activation_backward_of_sum(
    snn_activation activation, size_t count, const float *y, const float *a, const float *b, float *dx) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count * snn_activation_cost(activation)), i, count, SNN_SPAN, {
        const size_t size = snn_min(SNN_SPAN, count - i);
        kernels->add(size, a + i, b + i, dx + i);
        kernels->activation_backward_from_output(activation, size, y + i, dx + i, dx + i);
    });
}
