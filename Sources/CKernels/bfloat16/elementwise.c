// Elementwise operations on arrays at 16 bits: span by span they are widened, and the results narrowed.
#include "swiftnn/elementwise.h"

#include "activation/cost.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Three of them as floats stay in the first-level cache.
#define NARROW_SPAN (SNN_SPAN / 2)

/// Runs the body for spans of the array, `first` being the place of one and `size` its length.
#define NARROW_SPANS(work, count, first, size, ...)                        \
    SNN_PARALLEL_STEPS(snn_threads_for(work), first, count, NARROW_SPAN, { \
        const size_t size = snn_min(NARROW_SPAN, (count) - (first));       \
        __VA_ARGS__                                                        \
    })

/// The sum of `size` numbers, as floats.
static void widen_sum(
    const snn_kernel_table *kernels, size_t size, const uint16_t *a, const uint16_t *b, float sum[NARROW_SPAN]) {
    float other[NARROW_SPAN];
    kernels->widen_bfloat16(size, a, sum);
    kernels->widen_bfloat16(size, b, other);
    kernels->add(size, sum, other, sum);
}

void snn_add_bfloat16(size_t count, const uint16_t *a, const uint16_t *b, uint16_t *out) {
    const snn_kernel_table *kernels = snn_kernels();
    NARROW_SPANS(count, count, i, size, {
        float sum[NARROW_SPAN];
        widen_sum(kernels, size, a + i, b + i, sum);
        kernels->narrow_to_bfloat16(size, sum, out + i);
    });
}

void snn_activation_forward_bfloat16(snn_activation activation, size_t count, const uint16_t *x, uint16_t *y) {
    const snn_kernel_table *kernels = snn_kernels();
    NARROW_SPANS(count * snn_activation_cost(activation), count, i, size, {
        float numbers[NARROW_SPAN];
        kernels->widen_bfloat16(size, x + i, numbers);
        kernels->activation_forward(activation, size, numbers, numbers);
        kernels->narrow_to_bfloat16(size, numbers, y + i);
    });
}

/// dx = dy * derivative, which is taken from `point`: the output or the input.
static void derive(snn_activation activation, bool from_output, size_t count, const uint16_t *point, const uint16_t *dy,
    uint16_t *dx) {
    const snn_kernel_table *kernels = snn_kernels();
    NARROW_SPANS(count * snn_activation_cost(activation), count, i, size, {
        float points[NARROW_SPAN], gradient[NARROW_SPAN];
        kernels->widen_bfloat16(size, point + i, points);
        kernels->widen_bfloat16(size, dy + i, gradient);
        if (from_output) {
            kernels->activation_backward_from_output(activation, size, points, gradient, gradient);
        } else {
            kernels->activation_backward(activation, size, points, gradient, gradient);
        }
        kernels->narrow_to_bfloat16(size, gradient, dx + i);
    });
}

void snn_activation_backward_bfloat16(
    snn_activation activation, size_t count, const uint16_t *x, const uint16_t *dy, uint16_t *dx) {
    derive(activation, false, count, x, dy, dx);
}

void snn_activation_backward_from_output_bfloat16(
    snn_activation activation, size_t count, const uint16_t *y, const uint16_t *dy, uint16_t *dx) {
    derive(activation, true, count, y, dy, dx);
}

void snn_activation_forward_of_sum_bfloat16(
    snn_activation activation, size_t count, const uint16_t *a, const uint16_t *b, uint16_t *out) {
    const snn_kernel_table *kernels = snn_kernels();
    NARROW_SPANS(count * snn_activation_cost(activation), count, i, size, {
        float sum[NARROW_SPAN];
        widen_sum(kernels, size, a + i, b + i, sum);
        kernels->activation_forward(activation, size, sum, sum);
        kernels->narrow_to_bfloat16(size, sum, out + i);
    });
}

void snn_activation_backward_of_sum_bfloat16(
    snn_activation activation, size_t count, const uint16_t *y, const uint16_t *a, const uint16_t *b, uint16_t *dx) {
    const snn_kernel_table *kernels = snn_kernels();
    NARROW_SPANS(count * snn_activation_cost(activation), count, i, size, {
        float sum[NARROW_SPAN], points[NARROW_SPAN];
        widen_sum(kernels, size, a + i, b + i, sum);
        kernels->widen_bfloat16(size, y + i, points);
        kernels->activation_backward_from_output(activation, size, points, sum, sum);
        kernels->narrow_to_bfloat16(size, sum, dx + i);
    });
}
