#include "conv/joined.h"

#include <string.h>

#include "conv/method.h"
#include "conv/overlaps.h"
#include "conv/planes.h"
#include "runtime/kernel_table.h"

/// What it must save at least, as a share of the products: joined tiles are fewer, and meet more padding.
static const double least_gain = 1.25;

/// So many of the pixels of a line that a vector holds them and that all are joined, with the fewest products.
static size_t best_count(size_t channels, size_t pixels, size_t taps, size_t stride) {
    size_t best = 1;
    double most = least_gain;
    for (size_t count = 2; channels > 0 && count <= pixels && count * channels <= snn_kernels()->width; count++) {
        const double gain = (double)(count * taps) / (double)(taps + (count - 1) * stride);
        if (pixels % count != 0 || gain < most) continue;
        best = count;
        most = gain;
    }
    return best;
}

/// The count, or 1 where no pixels can be joined. The method comes last: to weigh it takes longer than all else here,
/// and most convolutions have too many channels for it to matter.
static size_t count_if_joined(const snn_conv_shape *shape, size_t count) {
    const bool can_join = count > 1 && shape->groups == 1 && shape->dilation_width == 1;
    return can_join && conv_method_of(shape) == CONV_DIRECT ? count : 1;
}

size_t conv_joined_outputs(const snn_conv_shape *shape) {
    if (conv_prefers_planes(shape)) return 1;
    const size_t pixels = snn_conv_out_width(shape);
    return count_if_joined(shape, best_count(shape->out_channels, pixels, shape->kernel_width, shape->stride_width));
}

size_t conv_joined_inputs(const snn_conv_shape *shape) {
    if (shape->stride_width > 1 || conv_prefers_overlaps(shape)) return 1;
    return count_if_joined(shape, best_count(shape->in_channels, shape->in_width, shape->kernel_width, 1));
}

snn_conv_shape conv_join_outputs(const snn_conv_shape *shape) {
    const size_t count = conv_joined_outputs(shape);
    snn_conv_shape joined = *shape;
    joined.out_channels *= count;
    joined.kernel_width += (count - 1) * shape->stride_width;
    joined.stride_width *= count;
    return joined;
}

snn_epilogue conv_join_epilogue(const snn_conv_shape *shape, const snn_epilogue *epilogue, float *bias) {
    const size_t count = conv_joined_outputs(shape), channels = shape->out_channels;
    snn_epilogue joined = *epilogue;
    if (epilogue->bias == NULL || count == 1) return joined;
    for (size_t i = 0; i < count; i++) memcpy(bias + i * channels, epilogue->bias, channels * sizeof(float));
    joined.bias = bias;
    return joined;
}
