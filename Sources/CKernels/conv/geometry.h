// What a shape means for the loops: which weights meet which pixels, and where the channels of a group lie.
#ifndef SNN_CONV_GEOMETRY_H
#define SNN_CONV_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/conv.h"

/// One axis of a sum over taps. Target position i, at first_target + i * target_stride, reads the source at
/// i * step + offset + t * tap_offset through tap first_tap + t * tap_stride of the kernel, for every t < taps for
/// which that lies inside the source.
typedef struct {
    size_t positions, taps;
    ptrdiff_t step, offset, tap_offset;
    size_t source_size;
    size_t first_tap, tap_stride;
    size_t target_size, first_target, target_stride;
} conv_axis;

/// A convolution, or the data gradient of one: targets are sums over taps of source pixels times weights.
///
/// The weights are packed as panels: [group][panel of tile_columns columns][tap][depth][column in the panel].
/// A depthwise convolution has one column a channel, depth 1, one panel, and a "group" for each of the `multiplier`
/// outputs of a channel; its channels lie source_lane and target_lane apart.
typedef struct {
    size_t batch;
    conv_axis height, width;
    size_t kernel_width, kernel_taps;           ///< taps in a row of the packed weights, and in all
    size_t source_channels, target_channels;    ///< floats between neighbouring pixels
    size_t groups, source_group, target_group;  ///< floats between the first channels of neighbouring groups
    size_t depth, columns;                      ///< channels of a group that are summed, and that result
    bool depthwise;
    size_t source_lane, target_lane;
} conv_geometry;

static inline bool conv_is_depthwise(const snn_conv_shape *shape) {
    return shape->groups > 1 && shape->groups == shape->in_channels;
}

static inline size_t conv_group_in(const snn_conv_shape *shape) { return shape->in_channels / shape->groups; }
static inline size_t conv_group_out(const snn_conv_shape *shape) { return shape->out_channels / shape->groups; }
static inline size_t conv_input_count(const snn_conv_shape *shape) {
    return shape->batch * shape->in_height * shape->in_width * shape->in_channels;
}
static inline size_t conv_output_count(const snn_conv_shape *shape) {
    return shape->batch * snn_conv_out_height(shape) * snn_conv_out_width(shape) * shape->out_channels;
}
static inline size_t conv_taps(const snn_conv_shape *shape) { return shape->kernel_height * shape->kernel_width; }

/// Of the output, from the input. Where the kernel's rows are folded, a whole row of the kernel is one tap;
/// neighbouring pixels may be joined (conv/joined.h).
conv_geometry conv_forward_geometry(const snn_conv_shape *shape);

/// Of the pixels of dx at row_phase + i * stride_height, column_phase + j * stride_width, from dy: these pixels are
/// reached by the same taps. They may be joined, too.
conv_geometry conv_backward_geometry(const snn_conv_shape *shape, size_t row_phase, size_t column_phase);

/// The positions [first, end) of an axis that read inside the source through tap t.
void conv_axis_range(const conv_axis *axis, size_t t, size_t *first, size_t *end);

/// How often a tap meets a pixel, and not padding, over all positions.
size_t conv_axis_meetings(const conv_axis *axis);

/// The same over all output pixels of an image, of which none are joined.
size_t conv_meetings(const snn_conv_shape *shape);

/// Where a position reads through tap t, which may be outside of the source.
static inline ptrdiff_t conv_axis_source(const conv_axis *axis, size_t position, size_t t) {
    return (ptrdiff_t)position * axis->step + axis->offset + (ptrdiff_t)t * axis->tap_offset;
}

/// From the first to the last of the source that one position reads: (taps - 1) * dilation.
size_t conv_axis_reach(const conv_axis *axis);

/// Whether that is inside.
static inline bool conv_axis_is_inside(const conv_axis *axis, size_t position, size_t t) {
    return (size_t)conv_axis_source(axis, position, t) < axis->source_size;
}

/// The taps [first, end) through which a position reads inside the source.
void conv_axis_taps(const conv_axis *axis, size_t position, size_t *first, size_t *end);

/// Few input channels make short sums: then the neighbouring pixels under one row of the kernel, which lie next to each
/// other in memory, are summed as if they were the channels of one pixel. Padding must then be there in memory, so
/// the input is copied with its padding on the left and right.
bool conv_is_folded(const snn_conv_shape *shape);

/// Bytes of the padded copy (0 where none is needed).
size_t conv_padded_size(const snn_conv_shape *shape);

/// The source that conv_forward_geometry means: x, or its padded copy, which is made.
const float *conv_padded(const snn_conv_shape *shape, const float *x, float *copy);

/// Whether the convolution gains by Winograd's filtering of floats beside direct sums that make so many products in the
/// time of one of floats.
bool conv_suits_winograd(const snn_conv_shape *shape, double rate);

/// Whether the weight gradient does too: that of few tiles would be more sums than products saved.
bool conv_weights_suit_winograd(const snn_conv_shape *shape, double rate);

/// Whether so many numbers side by side fill most of their vectors.
bool conv_fills_vectors(size_t count, size_t width);

/// Multiply-adds of one pass over all taps, for snn_threads_for_products.
size_t conv_products(const snn_conv_shape *shape);

#endif
