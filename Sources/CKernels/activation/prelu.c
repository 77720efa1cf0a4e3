// PReLU. One slope for all numbers is a leaky ReLU over the flat array; a slope per channel works on chunks of rows.
// The gradient of the slopes is summed per chunk, and the chunks in their order.
#include "swiftnn/activation.h"

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Rows of a chunk: about a span of numbers, but so that there are at most 64 chunks, whose partial sums are kept.
static size_t chunk_rows(size_t rows, size_t channels) {
    return snn_max(snn_ceil_div(SNN_SPAN, snn_max(channels, 1)), snn_ceil_div(rows, 64));
}

size_t snn_prelu_workspace_size(size_t rows, size_t channels) {
    const size_t per_channel = snn_ceil_div(rows, chunk_rows(rows, channels)) * channels * sizeof(float);
    const size_t shared = snn_ceil_div(rows * channels, SNN_SPAN) * sizeof(double);
    return snn_max(per_channel, shared);
}

void snn_prelu_forward(size_t rows, size_t channels, size_t slopes, const float *x, const float *slope, float *y) {
    if (slopes == 1) {
        snn_activation_forward((snn_activation){SNN_LEAKY_RELU, slope[0]}, rows * channels, x, y);
        return;
    }
    if (channels == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = chunk_rows(rows, channels);
    SNN_PARALLEL_STEPS(snn_threads_for(rows * channels), r, rows, chunk,
        { kernels->prelu_forward(snn_min(chunk, rows - r), channels, x + r * channels, slope, y + r * channels); });
}

static void backward_shared(size_t count, float slope, const float *x, const float *dy, float *dx, bool accumulate,
    float *dslope, double *partial) {
    const snn_kernel_table *kernels = snn_kernels();
    const snn_activation leaky = {SNN_LEAKY_RELU, slope};
    const size_t spans = snn_ceil_div(count, SNN_SPAN);
    SNN_PARALLEL_FOR(snn_threads_for(2 * count), s, spans, {
        const size_t i = s * SNN_SPAN, n = snn_min(SNN_SPAN, count - i);
        partial[s] = kernels->prelu_slope_gradient(n, x + i, dy + i);
        if (dx != NULL) kernels->activation_backward(leaky, n, x + i, dy + i, dx + i);
    });
    double sum = accumulate ? dslope[0] : 0;
    for (size_t s = 0; s < spans; s++) sum += partial[s];
    dslope[0] = (float)sum;
}

static void backward_per_channel(size_t rows, size_t channels, const float *x, const float *slope, const float *dy,
    float *dx, bool accumulate, float *dslope, float *partial) {
    if (channels == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = chunk_rows(rows, channels), chunks = snn_ceil_div(rows, chunk);
    SNN_PARALLEL_FOR(snn_threads_for(2 * rows * channels), k, chunks, {
        const size_t i = k * chunk * channels;
        kernels->prelu_backward(snn_min(chunk, rows - k * chunk), channels, x + i, slope, dy + i,
            dx != NULL ? dx + i : NULL, partial + k * channels);
    });
    for (size_t c = 0; c < channels; c++) {
        double sum = accumulate ? dslope[c] : 0;
        for (size_t k = 0; k < chunks; k++) sum += partial[k * channels + c];
        dslope[c] = (float)sum;
    }
}

void snn_prelu_backward(size_t rows, size_t channels, size_t slopes, const float *x, const float *slope,
    const float *dy, float *dx, bool accumulate, float *dslope, void *workspace) {
    if (slopes == 1) {
        backward_shared(rows * channels, slope[0], x, dy, dx, accumulate, dslope, workspace);
    } else {
        backward_per_channel(rows, channels, x, slope, dy, dx, accumulate, dslope, workspace);
    }
}
