// Depthwise convolution, and its data gradient: a line of target pixels at a time. Pixels away from the left and right
// edges read the same taps equally far apart; those near an edge are summed one by one.
#include "conv/depthwise.h"

#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

typedef struct {
    const conv_geometry *geometry;
    const conv_operands *operands;
    const snn_kernel_table *kernels;
    size_t group;
} depthwise_plan;

/// What a target line reads, and the next one.
typedef struct {
    ptrdiff_t first_source;  ///< the line under the first tap, from the start of the source; it may be outside
    size_t first_tap, end_tap;
    size_t next_source, next_lines;  ///< the lines that the next target line reads and this one does not
    float *target;
} depthwise_line;

/// Whether the positions from `first` to `last` meet no padding; the outermost taps tell.
static bool all_inside(const conv_axis *axis, size_t first, size_t last) {
    const size_t end = axis->taps - 1;
    return conv_axis_is_inside(axis, first, 0) && conv_axis_is_inside(axis, first, end) &&
           conv_axis_is_inside(axis, last, 0) && conv_axis_is_inside(axis, last, end);
}

/// How many pixels from `first` on a tile has: all that meet no padding, or else one.
static size_t pixels_of_tile(const depthwise_plan *plan, size_t first) {
    const conv_axis *width = &plan->geometry->width;
    size_t pixels = width->positions - first;
    if (width->taps == 0) return pixels;
    if (!all_inside(width, first, first)) return 1;
    while (!all_inside(width, first, first + pixels - 1)) pixels--;
    return pixels;
}

static depthwise_line line_at(const depthwise_plan *plan, size_t index) {
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t image = index / height->positions, i = index % height->positions;
    depthwise_line line = {
        .first_source = (ptrdiff_t)(image * height->source_size) + conv_axis_source(height, i, 0),
    };
    conv_axis_taps(height, i, &line.first_tap, &line.end_tap);
    const ptrdiff_t reach = height->tap_offset < 0 ? 0 : (ptrdiff_t)(height->taps - 1) * height->tap_offset;
    const size_t lines = geometry->batch * height->source_size;
    line.next_source = snn_min((size_t)(line.first_source + reach + 1), lines);
    line.next_lines = snn_min((size_t)height->step, lines - line.next_source);
    const size_t target_row = image * height->target_size + height->first_target + i * height->target_stride;
    line.target =
        plan->operands->target + (target_row * width->target_size + width->first_target) * geometry->target_channels;
    return line;
}

/// The first pixel of a tile under one tap, in floats from the start of the source.
static size_t source_of_tap(const depthwise_plan *plan, const depthwise_line *line, size_t i, size_t j, size_t pixel) {
    const conv_axis *height = &plan->geometry->height, *width = &plan->geometry->width;
    const ptrdiff_t row = line->first_source + (ptrdiff_t)i * height->tap_offset;
    const ptrdiff_t at = row * (ptrdiff_t)width->source_size + conv_axis_source(width, pixel, j);
    return (size_t)at * plan->geometry->source_channels;
}

static void sum_tile(const depthwise_plan *plan, const depthwise_line *line, size_t first, size_t pixels) {
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    // In the data gradient the groups are summed into the same targets.
    const bool is_first = plan->group == 0 || geometry->target_group != 0;
    const size_t offset = plan->group * geometry->target_group;
    size_t a_tap[SNN_DEPTHWISE_TAPS], b_tap[SNN_DEPTHWISE_TAPS];
    snn_depthwise_tile tile = {
        .pixels = pixels,
        .channels = geometry->columns,
        .a = plan->operands->source + plan->group * geometry->source_group,
        .a_tap = a_tap,
        .a_pixel = (size_t)width->step * geometry->source_channels,
        .a_lane = geometry->source_lane,
        .b = plan->operands->packed + plan->group * geometry->kernel_taps * geometry->columns,
        .b_tap = b_tap,
        .c = line->target + first * width->target_stride * geometry->target_channels + offset,
        .c_pixel = width->target_stride * geometry->target_channels,
        .c_lane = geometry->target_lane,
        .accumulate = !is_first,
        .bias = snn_epilogue_bias(plan->operands->epilogue, offset),
    };
    if (pixels > 1 && plan->group == 0) {
        const size_t line_floats = width->source_size * geometry->source_channels;
        tile.next_a = plan->operands->source + line->next_source * line_floats;
        tile.next_a_floats = line->next_lines * line_floats;
        tile.next_c = line->target + height->target_stride * width->target_size * geometry->target_channels;
        tile.next_c_floats = line->next_lines == 0 ? 0 : width->target_size * geometry->target_channels;
    }
    for (size_t i = line->first_tap; i < line->end_tap; i++) {
        for (size_t j = 0; j < width->taps; j++) {
            if (!conv_axis_is_inside(width, first, j)) continue;
            if (tile.taps == SNN_DEPTHWISE_TAPS) {
                plan->kernels->depthwise_tile(&tile);
                tile.taps = 0;
                tile.accumulate = true;
            }
            a_tap[tile.taps] = source_of_tap(plan, line, i, j, first);
            b_tap[tile.taps++] = (height->first_tap + i * height->tap_stride) * geometry->kernel_width +
                                 width->first_tap + j * width->tap_stride;
        }
    }
    // Also without taps: then the target is the bias.
    plan->kernels->depthwise_tile(&tile);
}

static void sum_line(depthwise_plan plan, size_t index) {
    const conv_geometry *geometry = plan.geometry;
    const depthwise_line line = line_at(&plan, index);
    for (size_t first = 0, pixels; first < geometry->width.positions; first += pixels) {
        pixels = pixels_of_tile(&plan, first);
        for (plan.group = 0; plan.group < geometry->groups; plan.group++) sum_tile(&plan, &line, first, pixels);
    }
    const snn_epilogue *epilogue = plan.operands->epilogue;
    if (!snn_epilogue_activates(epilogue)) return;
    const size_t floats = geometry->width.positions * geometry->target_channels;
    plan.kernels->activation_forward(epilogue->activation, floats, line.target, line.target);
}

void conv_depthwise(const conv_geometry *geometry, const conv_operands *operands) {
    const depthwise_plan plan = {.geometry = geometry, .operands = operands, .kernels = snn_kernels()};
    const size_t lines = geometry->batch * geometry->height.positions;
    const size_t taps = geometry->height.taps * geometry->width.taps;
    const size_t products = geometry->width.positions * geometry->groups * geometry->columns * (taps + 4);
    SNN_PARALLEL_FOR(snn_threads_for(lines * products / 4), line, lines, { sum_line(plan, line); });
}
