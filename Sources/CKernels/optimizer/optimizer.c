// Optimizer updates: cut into spans for the threads.
#include "swiftnn/optimizer.h"

#include <math.h>

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// The span of an optional state.
static float *span_of(float *state, size_t i) { return state == NULL ? NULL : state + i; }

void snn_sgd_step(const snn_sgd *options, size_t count, const float *gradient, float *velocity, float *weights) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(4 * count), i, count, SNN_SPAN,
        { kernels->sgd_step(options, snn_min(SNN_SPAN, count - i), gradient + i, span_of(velocity, i), weights + i); });
}

static snn_adam_update adam_update(const snn_adam *options) {
    const double step = (double)options->step;
    const double first_correction = 1 - pow(options->beta1, step), second_correction = 1 - pow(options->beta2, step);
    return (snn_adam_update){
        .gradient_scale = options->gradient_scale,
        .coupled_decay = options->decoupled ? 0 : options->weight_decay,
        .kept = options->decoupled ? 1 - options->rate * options->weight_decay : 1,
        .beta1 = options->beta1,
        .beta2 = options->beta2,
        .epsilon = options->epsilon,
        .rate = (float)(options->rate / first_correction),
        .second_correction = (float)(1 / sqrt(second_correction)),
    };
}

void snn_adam_step(const snn_adam *options, size_t count, const float *gradient, float *first, float *second,
    float *max_second, float *weights) {
    const snn_kernel_table *kernels = snn_kernels();
    const snn_adam_update update = adam_update(options);
    SNN_PARALLEL_STEPS(snn_threads_for(12 * count), i, count, SNN_SPAN, {
        kernels->adam_step(&update, snn_min(SNN_SPAN, count - i), gradient + i, first + i, second + i,
            span_of(max_second, i), weights + i);
    });
}

void snn_rmsprop_step(const snn_rmsprop *options, size_t count, const float *gradient, float *square_average,
    float *gradient_average, float *velocity, float *weights) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(12 * count), i, count, SNN_SPAN, {
        kernels->rmsprop_step(options, snn_min(SNN_SPAN, count - i), gradient + i, square_average + i,
            span_of(gradient_average, i), span_of(velocity, i), weights + i);
    });
}
