#include "conv/overlaps.h"

#include <string.h>

#include "conv/method.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Numbers of dx that a pixel of dy reaches in a line.
static size_t run_size(const snn_conv_shape *shape) { return shape->kernel_width * shape->in_channels; }

bool conv_prefers_overlaps(const snn_conv_shape *shape) {
    const size_t width = snn_kernels()->width, run = run_size(shape);
    const bool is_plain =
        shape->groups == 1 && shape->stride_height == 1 && shape->stride_width == 1 && shape->dilation_width == 1;
    const bool fits = conv_fills_vectors(run, width) && run <= snn_kernels()->tile_columns;
    return is_plain && run > 0 && 2 * shape->in_channels < width && fits && conv_method_of(shape) == CONV_DIRECT;
}

typedef struct {
    const snn_conv_shape *shape;
    const snn_kernel_table *kernels;
    const conv_operands *operands;
    conv_axis height;
    size_t pixels;  ///< of a line of dy
    size_t line;    ///< numbers of a line of dx with its padding, to which runs are added
} overlaps_plan;

static overlaps_plan make_plan(const snn_conv_shape *shape) {
    return (overlaps_plan){
        .shape = shape,
        .kernels = snn_kernels(),
        .height = conv_backward_geometry(shape, 0, 0).height,
        .pixels = snn_conv_out_width(shape),
        .line = (shape->pad_left + shape->in_width + shape->pad_right) * shape->in_channels,
    };
}

/// Runs that do not overlap share a line: as many lines as the kernel is wide hold all of them.
static size_t lines_size(const overlaps_plan *plan) { return plan->shape->kernel_width * plan->line; }

/// The runs of all pixels that meet line i of dx through the taps [first_tap, end_tap), to the lines.
static void sum_runs(const overlaps_plan *plan, const float *dy, size_t first_tap, size_t taps, float *lines) {
    const snn_conv_shape *shape = plan->shape;
    const size_t depth = shape->out_channels, tap_floats = depth * plan->kernels->tile_columns;
    const size_t apart = shape->kernel_width;
    snn_grid_tile tile = {
        .columns = run_size(shape),
        .depth = depth,
        .tap_rows = 1,
        .tap_columns = taps,
        .a_row = depth,
        .a_right = plan->height.tap_offset * (ptrdiff_t)(plan->pixels * depth),
        .b = plan->operands->packed + first_tap * tap_floats,
        .b_right = tap_floats,
        .c_row = plan->line + shape->in_channels,
    };
    for (size_t pixel = 0; pixel < plan->pixels; pixel += apart) {
        tile.rows = snn_min(apart, plan->pixels - pixel);
        tile.a = dy + pixel * depth;
        tile.c = lines + pixel * shape->in_channels;
        plan->kernels->gemm_grid_tile(&tile);
    }
}

static void sum_line(const overlaps_plan *plan, size_t index, float *lines) {
    const snn_conv_shape *shape = plan->shape;
    const size_t numbers = shape->in_width * shape->in_channels, before = shape->pad_left * shape->in_channels;
    const size_t image = index / shape->in_height;
    float *dx = plan->operands->target + index * numbers;
    size_t first_tap, end_tap;
    conv_axis_taps(&plan->height, index % shape->in_height, &first_tap, &end_tap);
    if (first_tap == end_tap) {
        memset(dx, 0, numbers * sizeof(float));
        return;
    }
    const size_t row = (size_t)conv_axis_source(&plan->height, index % shape->in_height, first_tap);
    const float *dy =
        plan->operands->source + (image * plan->height.source_size + row) * plan->pixels * shape->out_channels;
    sum_runs(plan, dy, first_tap, end_tap - first_tap, lines);
    plan->kernels->copy_rows(1, numbers, lines + before, numbers, dx);
    for (size_t i = 1; i < shape->kernel_width; i++) {
        plan->kernels->add(numbers, dx, lines + i * plan->line + before, dx);
    }
}

size_t conv_overlaps_workspace_size(const snn_conv_shape *shape) {
    const overlaps_plan plan = make_plan(shape);
    return (size_t)snn_most_threads() * lines_size(&plan) * sizeof(float);
}

void conv_overlaps(const snn_conv_shape *shape, const conv_operands *operands, void *workspace) {
    overlaps_plan plan = make_plan(shape);
    plan.operands = operands;
    float *lines = workspace;
    const size_t threads = (size_t)snn_threads_for_products(conv_products(shape));
    const size_t workers = snn_min(threads, (size_t)snn_most_threads());
    // What no run reaches stays zero.
    memset(lines, 0, workers * lines_size(&plan) * sizeof(float));
    SNN_PARALLEL_FOR_BY(workers, worker, i, shape->batch * shape->in_height,
        { sum_line(&plan, i, lines + worker * lines_size(&plan)); });
}
