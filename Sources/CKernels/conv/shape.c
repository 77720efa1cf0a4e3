// Sizes and geometry of convolutions.
#include <string.h>

#include "conv/geometry.h"
#include "conv/joined.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

size_t snn_conv_output_size(
    size_t in, size_t kernel, size_t stride, size_t dilation, size_t pad_before, size_t pad_after) {
    if (kernel == 0 || stride == 0) return 0;
    const size_t padded = in + pad_before + pad_after, reach = dilation * (kernel - 1) + 1;
    return padded < reach ? 0 : (padded - reach) / stride + 1;
}

size_t snn_conv_out_height(const snn_conv_shape *s) {
    return snn_conv_output_size(
        s->in_height, s->kernel_height, s->stride_height, s->dilation_height, s->pad_top, s->pad_bottom);
}

size_t snn_conv_out_width(const snn_conv_shape *s) {
    return snn_conv_output_size(
        s->in_width, s->kernel_width, s->stride_width, s->dilation_width, s->pad_left, s->pad_right);
}

size_t conv_products(const snn_conv_shape *shape) {
    return conv_output_count(shape) * conv_taps(shape) * conv_group_in(shape);
}

bool conv_fills_vectors(size_t count, size_t width) { return 4 * count >= 3 * snn_round_up(count, width); }

bool conv_is_folded(const snn_conv_shape *shape) {
    return shape->groups == 1 && shape->in_channels < 16 && shape->kernel_width > 1 && shape->dilation_width == 1;
}

static bool needs_padded_copy(const snn_conv_shape *shape) {
    return conv_is_folded(shape) && shape->pad_left + shape->pad_right > 0;
}

static size_t padded_width(const snn_conv_shape *shape) { return shape->in_width + shape->pad_left + shape->pad_right; }

size_t conv_padded_size(const snn_conv_shape *shape) {
    if (!needs_padded_copy(shape)) return 0;
    const size_t pixels = shape->batch * shape->in_height * padded_width(shape);
    return snn_round_up(pixels * shape->in_channels * sizeof(float), SNN_ALIGNMENT);
}

const float *conv_padded(const snn_conv_shape *shape, const float *x, float *copy) {
    if (!needs_padded_copy(shape)) return x;
    const size_t lines = shape->batch * shape->in_height;
    const size_t before = shape->pad_left * shape->in_channels, after = shape->pad_right * shape->in_channels;
    const size_t length = shape->in_width * shape->in_channels, width = before + length + after;
    SNN_PARALLEL_FOR(snn_threads_for(lines * width), line, lines, {
        float *out = copy + line * width;
        memset(out, 0, before * sizeof(float));
        if (length > 0) memcpy(out + before, x + line * length, length * sizeof(float));
        memset(out + before + length, 0, after * sizeof(float));
    });
    return copy;
}

static conv_axis forward_axis(size_t in, size_t out, size_t kernel, size_t stride, size_t dilation, size_t pad_before) {
    return (conv_axis){
        .positions = out,
        .taps = kernel,
        .step = (ptrdiff_t)stride,
        .offset = -(ptrdiff_t)pad_before,
        .tap_offset = (ptrdiff_t)dilation,
        .source_size = in,
        .tap_stride = 1,
        .target_size = out,
        .target_stride = 1,
    };
}

/// One tap that is as deep as a row of the kernel, and starts at every stride-th pixel of the padded source.
static void fold_rows(const snn_conv_shape *shape, conv_geometry *geometry) {
    geometry->width.taps = 1;
    geometry->width.offset = 0;
    geometry->width.source_size = padded_width(shape);
    geometry->kernel_width = 1;
    geometry->kernel_taps = shape->kernel_height;
    geometry->depth = shape->kernel_width * shape->in_channels;
}

static conv_axis forward_height(const snn_conv_shape *s) {
    return forward_axis(
        s->in_height, snn_conv_out_height(s), s->kernel_height, s->stride_height, s->dilation_height, s->pad_top);
}

static conv_axis forward_width(const snn_conv_shape *s) {
    return forward_axis(
        s->in_width, snn_conv_out_width(s), s->kernel_width, s->stride_width, s->dilation_width, s->pad_left);
}

conv_geometry conv_forward_geometry(const snn_conv_shape *shape) {
    const snn_conv_shape joined = conv_join_outputs(shape), *s = &joined;
    conv_geometry geometry = {
        .batch = s->batch,
        .height = forward_height(s),
        .width = forward_width(s),
        .kernel_width = s->kernel_width,
        .kernel_taps = conv_taps(s),
        .source_channels = s->in_channels,
        .target_channels = s->out_channels,
        .source_lane = 1,
        .target_lane = 1,
    };
    if (conv_is_depthwise(s)) {
        geometry.depthwise = true;
        geometry.groups = conv_group_out(s);
        geometry.target_group = 1;
        geometry.target_lane = conv_group_out(s);
        geometry.depth = 1;
        geometry.columns = s->in_channels;
    } else {
        geometry.groups = s->groups;
        geometry.source_group = geometry.depth = conv_group_in(s);
        geometry.target_group = geometry.columns = conv_group_out(s);
    }
    if (conv_is_folded(s)) fold_rows(s, &geometry);
    return geometry;
}

static size_t greatest_common_divisor(size_t a, size_t b) {
    while (b != 0) {
        const size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/// Input position p = phase + i * stride is reached from output position (p + pad - k * dilation) / stride, through
/// those taps k for which that is a whole number: every (stride / gcd(stride, dilation))-th one, or none.
static conv_axis backward_axis(
    size_t in, size_t out, size_t kernel, size_t stride, size_t dilation, size_t pad_before, size_t phase) {
    const size_t tap_stride = stride / greatest_common_divisor(stride, dilation);
    size_t first_tap = 0;
    while (first_tap < tap_stride && (phase + pad_before) % stride != first_tap * dilation % stride) first_tap++;
    conv_axis axis = {
        .positions = phase < in ? (in - phase - 1) / stride + 1 : 0,
        .step = 1,
        .source_size = out,
        .target_size = in,
        .first_target = phase,
        .target_stride = stride,
    };
    if (first_tap == tap_stride || first_tap >= kernel) return axis;
    axis.taps = (kernel - first_tap - 1) / tap_stride + 1;
    axis.first_tap = first_tap;
    axis.tap_stride = tap_stride;
    axis.offset = ((ptrdiff_t)(phase + pad_before) - (ptrdiff_t)(first_tap * dilation)) / (ptrdiff_t)stride;
    axis.tap_offset = -(ptrdiff_t)(tap_stride * dilation / stride);
    return axis;
}

/// Pixels of dx joined, `count` at a time: the last of one reads where it did by itself, through its first tap.
static void join_inputs(const snn_conv_shape *shape, size_t count, conv_geometry *geometry) {
    conv_axis *width = &geometry->width;
    width->positions = width->target_size = shape->in_width / count;
    width->taps += count - 1;
    width->step = (ptrdiff_t)count;
    width->offset += (ptrdiff_t)count - 1;
    geometry->kernel_width = width->taps;
    geometry->kernel_taps = shape->kernel_height * width->taps;
    geometry->target_channels = geometry->columns = geometry->target_group = shape->in_channels * count;
}

conv_geometry conv_backward_geometry(const snn_conv_shape *s, size_t row_phase, size_t column_phase) {
    conv_geometry geometry = {
        .batch = s->batch,
        .height = backward_axis(s->in_height, snn_conv_out_height(s), s->kernel_height, s->stride_height,
            s->dilation_height, s->pad_top, row_phase),
        .width = backward_axis(s->in_width, snn_conv_out_width(s), s->kernel_width, s->stride_width, s->dilation_width,
            s->pad_left, column_phase),
        .kernel_width = s->kernel_width,
        .kernel_taps = conv_taps(s),
        .source_channels = s->out_channels,
        .target_channels = s->in_channels,
        .source_lane = 1,
        .target_lane = 1,
    };
    if (conv_is_depthwise(s)) {
        geometry.depthwise = true;
        geometry.groups = conv_group_out(s);
        geometry.source_group = 1;
        geometry.source_lane = conv_group_out(s);
        geometry.depth = 1;
        geometry.columns = s->in_channels;
    } else {
        geometry.groups = s->groups;
        geometry.source_group = geometry.depth = conv_group_out(s);
        geometry.target_group = geometry.columns = conv_group_in(s);
    }
    const size_t joined = conv_joined_inputs(s);
    if (joined > 1) join_inputs(s, joined, &geometry);
    return geometry;
}

/// The smallest whole number not below a / b, at least 0.
static size_t ceil_div_positive(ptrdiff_t a, ptrdiff_t b) { return a <= 0 ? 0 : (size_t)((a + b - 1) / b); }

void conv_axis_range(const conv_axis *axis, size_t t, size_t *first, size_t *end) {
    const ptrdiff_t origin = axis->offset + (ptrdiff_t)t * axis->tap_offset;
    *end = snn_min(ceil_div_positive((ptrdiff_t)axis->source_size - origin, axis->step), axis->positions);
    *first = snn_min(ceil_div_positive(-origin, axis->step), *end);
}

size_t conv_meetings(const snn_conv_shape *shape) {
    const conv_axis height = forward_height(shape), width = forward_width(shape);
    return conv_axis_meetings(&height) * conv_axis_meetings(&width);
}

size_t conv_axis_meetings(const conv_axis *axis) {
    size_t met = 0;
    for (size_t t = 0; t < axis->taps; t++) {
        size_t first, end;
        conv_axis_range(axis, t, &first, &end);
        met += end - first;
    }
    return met;
}

size_t conv_axis_reach(const conv_axis *axis) {
    const ptrdiff_t step = axis->tap_offset < 0 ? -axis->tap_offset : axis->tap_offset;
    return axis->taps == 0 ? 0 : (axis->taps - 1) * (size_t)step;
}

void conv_axis_taps(const conv_axis *axis, size_t position, size_t *first, size_t *end) {
    *first = 0;
    while (*first < axis->taps && !conv_axis_is_inside(axis, position, *first)) ++*first;
    *end = *first;
    while (*end < axis->taps && conv_axis_is_inside(axis, position, *end)) ++*end;
}
