// Direct convolution with folded kernel rows: the numbers that neighbouring pixels of one output line read start
// equally far apart, and no padding lies between them, so that the register tile walks over the line by itself. With so
// few numbers to sum, finding a pointer for each would take longer than the sums.
#include "conv/lines.h"

#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

typedef struct {
    const conv_geometry *geometry;
    const conv_operands *operands;
    const snn_kernel_table *kernels;
    const float *bias;  ///< or NULL
    size_t line;        ///< numbers of a line of the target
} line_plan;

/// One output line, for one panel of output channels. The taps, which lie below one another, are summed as if they were
/// a row of the kernel: neighbours in a row are summed side by side.
static void sum_panel(
    const line_plan *plan, const float *source, size_t first_tap, size_t taps, size_t panel, float *line) {
    const conv_geometry *geometry = plan->geometry;
    const size_t width = plan->kernels->tile_columns, column = panel * width;
    const size_t row_floats = geometry->width.source_size * geometry->source_channels;
    const float *packed = plan->operands->packed + panel * geometry->kernel_taps * geometry->depth * width;
    const snn_grid_tile tile = {
        .rows = geometry->width.positions,
        .columns = snn_min(width, geometry->columns - column),
        .depth = geometry->depth,
        .tap_rows = 1,
        .tap_columns = taps,
        .a = source,
        .a_row = (size_t)geometry->width.step * geometry->source_channels,
        .a_right = geometry->height.tap_offset * (ptrdiff_t)row_floats,
        .b = packed + first_tap * geometry->depth * width,
        .b_right = geometry->depth * width,
        .c = line + column,
        .c_row = geometry->target_channels,
        .bias = plan->bias != NULL ? plan->bias + column : NULL,
    };
    plan->kernels->gemm_grid_tile(&tile);
}

static void sum_line(const line_plan *plan, size_t index, float *line) {
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height;
    const size_t image = index / height->positions, i = index % height->positions;
    size_t first_tap, end_tap;
    conv_axis_taps(height, i, &first_tap, &end_tap);
    // Where the kernel meets no row at all, nothing is read.
    const size_t row = first_tap < end_tap ? (size_t)conv_axis_source(height, i, first_tap) : 0;
    const float *source = plan->operands->source +
                          (image * height->source_size + row) * geometry->width.source_size * geometry->source_channels;
    const size_t panels = snn_ceil_div(geometry->columns, plan->kernels->tile_columns);
    for (size_t panel = 0; panel < panels; panel++) {
        sum_panel(plan, source, first_tap, end_tap - first_tap, panel, line);
    }
    const snn_epilogue *epilogue = plan->operands->epilogue;
    if (!snn_epilogue_activates(epilogue)) return;
    plan->kernels->activation_forward(epilogue->activation, plan->line, line, line);
}

static size_t line_numbers(const conv_geometry *geometry) {
    return geometry->width.positions * geometry->target_channels;
}

size_t conv_lines_workspace_size(const conv_geometry *geometry) {
    return (size_t)snn_most_threads() * line_numbers(geometry) * sizeof(float);
}

void conv_lines(
    const conv_geometry *geometry, const conv_operands *operands, uint16_t *narrow_target, void *workspace) {
    const line_plan plan = {
        .geometry = geometry,
        .operands = operands,
        .kernels = snn_kernels(),
        .bias = snn_epilogue_bias(operands->epilogue, 0),
        .line = line_numbers(geometry),
    };
    const size_t lines = geometry->batch * geometry->height.positions;
    const size_t products =
        geometry->width.positions * geometry->columns * (geometry->height.taps * geometry->depth + 16);
    const size_t threads = (size_t)snn_threads_for_products(lines * products);
    if (narrow_target == NULL) {
        SNN_PARALLEL_FOR(threads, i, lines, { sum_line(&plan, i, operands->target + i * plan.line); });
        return;
    }
    const size_t workers = snn_min(threads, (size_t)snn_most_threads());
    SNN_PARALLEL_FOR_BY(workers, worker, i, lines, {
        float *line = (float *)workspace + worker * plan.line;
        sum_line(&plan, i, line);
        plan.kernels->narrow_to_bfloat16(plan.line, line, narrow_target + i * plan.line);
    });
}
