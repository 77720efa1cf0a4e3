// The weight gradient: for every tap a product of x (transposed) and dy over all output pixels. The pixels are cut into
// blocks that fit the cache; the work is shared out as chunks of blocks, each with sums of its own that are added up at
// the end, or, where the gradient is too large to have many of, as parts of the gradient. All of it follows from the
// shape alone, so the bits do not depend on the threads.
#include <string.h>

#include "conv/geometry.h"
#include "conv/packing.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// How many pieces of work there are at least, where the problem is large enough.
enum { wanted_tasks = 16 };

typedef struct {
    conv_geometry geometry;
    conv_packing packing;  ///< the order of the sums
    const snn_kernel_table *kernels;
    const float *x, *dy;
    float *sums;           ///< chunks x conv_packing_size floats
    size_t sums_size;      ///< of one chunk
    size_t images, lines;  ///< of a block of output pixels
    size_t line_blocks, blocks;
    size_t chunks;                ///< of the blocks
    size_t row_tiles, row_parts;  ///< of the rows (tap, input channel) of the gradient
    size_t panels, panel_parts;   ///< of its columns, the output channels of all groups
} gradient_plan;

/// The tiles of rows in one tap.
static size_t tap_tiles(const gradient_plan *plan) {
    return snn_ceil_div(plan->geometry.depth, plan->kernels->tile_rows);
}

static size_t taps(const gradient_plan *plan) { return plan->geometry.height.taps * plan->geometry.width.taps; }

/// Blocks of lines of one image, or of whole images, whose x and dy fit in half of the second-level cache; where chunks
/// are wanted, at least that many.
static void choose_blocks(gradient_plan *plan, size_t wanted_chunks) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t source = (size_t)geometry->height.step * geometry->width.source_size * geometry->source_channels;
    const size_t target = geometry->width.positions * geometry->target_channels;
    const size_t fitting = snn_max(1, snn_l2_cache_size() / 2 / (snn_max(source + target, 1) * sizeof(float)));
    const size_t image_lines = snn_max(geometry->height.positions, 1);
    const size_t wanted = snn_max(1, geometry->batch * image_lines / wanted_chunks);
    const size_t lines = snn_min(fitting, wanted);
    plan->line_blocks = snn_ceil_div(image_lines, snn_min(lines, image_lines));
    plan->lines = snn_ceil_div(image_lines, plan->line_blocks);
    plan->images = plan->line_blocks == 1 ? lines / image_lines : 1;
    // At least one, though empty, that sets the sums to zero.
    plan->blocks = snn_max(1, snn_ceil_div(geometry->batch, plan->images) * plan->line_blocks);
}

static gradient_plan make_plan(const snn_conv_shape *shape) {
    gradient_plan plan = {
        .geometry = conv_forward_geometry(shape),
        .packing = conv_forward_packing(shape),
        .kernels = snn_kernels(),
        .row_parts = 1,
        .panel_parts = 1,
    };
    plan.sums_size = conv_packing_size(&plan.packing);
    plan.panels = plan.packing.groups * conv_packing_panels(&plan.packing);
    plan.row_tiles = taps(&plan) * tap_tiles(&plan);
    const bool in_chunks = plan.geometry.depthwise || plan.sums_size * sizeof(float) <= snn_l2_cache_size() / 2;
    choose_blocks(&plan, in_chunks ? wanted_tasks : 1);
    plan.chunks = in_chunks ? snn_min(wanted_tasks, plan.blocks) : 1;
    if (!in_chunks) {
        plan.panel_parts = snn_max(1, snn_min(plan.panels, wanted_tasks / 2));
        plan.row_parts = snn_max(1, snn_min(plan.row_tiles, snn_ceil_div(wanted_tasks, plan.panel_parts)));
    }
    return plan;
}

/// The output pixels of one block that meet no padding through one tap, and where their numbers are.
typedef struct {
    size_t images, lines, pixels;
    const float *a, *b;
} tap_block;

static tap_block tap_block_at(const gradient_plan *plan, size_t block, size_t tap) {
    const conv_geometry *geometry = &plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t i = tap / width->taps, j = tap % width->taps;
    size_t first_line, end_line, first_pixel, end_pixel;
    conv_axis_range(height, i, &first_line, &end_line);
    conv_axis_range(width, j, &first_pixel, &end_pixel);
    const size_t image = block / plan->line_blocks * plan->images, line = block % plan->line_blocks * plan->lines;
    first_line = snn_max(first_line, line);
    end_line = snn_min(end_line, line + plan->lines);
    if (geometry->batch == 0 || first_line >= end_line || first_pixel >= end_pixel) return (tap_block){0};
    const ptrdiff_t row = (ptrdiff_t)first_line * height->step + height->offset + (ptrdiff_t)i * height->tap_offset;
    const ptrdiff_t column = (ptrdiff_t)first_pixel * width->step + width->offset + (ptrdiff_t)j * width->tap_offset;
    const size_t source = (image * height->source_size + (size_t)row) * width->source_size + (size_t)column;
    const size_t target = (image * height->positions + first_line) * width->positions + first_pixel;
    return (tap_block){
        .images = snn_min(plan->images, geometry->batch - image),
        .lines = end_line - first_line,
        .pixels = end_pixel - first_pixel,
        .a = plan->x + source * geometry->source_channels,
        .b = plan->dy + target * geometry->target_channels,
    };
}

static size_t source_line(const conv_geometry *g) { return g->width.source_size * g->source_channels; }
static size_t target_line(const conv_geometry *g) { return g->width.positions * g->target_channels; }

/// Adds one block to the rows [first, end) of tiles of one panel.
static void add_rows(
    const gradient_plan *plan, size_t block, bool first_block, size_t panel, size_t first, size_t end, float *sums) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t group_panels = conv_packing_panels(&plan->packing), width = plan->packing.panel_columns;
    const size_t group = panel / group_panels, column = panel % group_panels * width;
    const size_t tile_rows = plan->kernels->tile_rows, tiles = tap_tiles(plan);
    snn_weight_gradient_tile tile = {
        .columns = snn_min(width, geometry->columns - column),
        .a_image = geometry->height.source_size * source_line(geometry),
        .a_line = (size_t)geometry->height.step * source_line(geometry),
        .a_pixel = (size_t)geometry->width.step * geometry->source_channels,
        .b_image = geometry->height.positions * target_line(geometry),
        .b_line = target_line(geometry),
        .b_pixel = geometry->target_channels,
        .c_row = width,
        .beta = first_block ? 0 : 1,
    };
    for (size_t t = first; t < end; t++) {
        const size_t tap = t / tiles, row = t % tiles * tile_rows;
        const tap_block pixels = tap_block_at(plan, block, tap);
        if (pixels.images == 0 && !first_block) continue;
        tile.rows = snn_min(tile_rows, geometry->depth - row);
        tile.images = pixels.images;
        tile.lines = pixels.lines;
        tile.pixels = pixels.pixels;
        if (pixels.images > 0) {
            tile.a = pixels.a + group * geometry->source_group + row;
            tile.b = pixels.b + group * geometry->target_group + column;
        }
        tile.c = sums + panel * conv_packing_panel_size(&plan->packing) + (tap * geometry->depth + row) * width;
        plan->kernels->weight_gradient_tile(&tile);
    }
}

static void add_depthwise(const gradient_plan *plan, size_t block, bool first_block, size_t group, float *sums) {
    const conv_geometry *geometry = &plan->geometry;
    snn_depthwise_gradient sum = {
        .channels = geometry->columns,
        .a_image = geometry->height.source_size * source_line(geometry),
        .a_line = (size_t)geometry->height.step * source_line(geometry),
        .a_pixel = (size_t)geometry->width.step * geometry->source_channels,
        .b_image = geometry->height.positions * target_line(geometry),
        .b_line = target_line(geometry),
        .b_pixel = geometry->target_channels,
        .b_lane = geometry->target_lane,
        .beta = first_block ? 0 : 1,
    };
    for (size_t tap = 0; tap < taps(plan); tap++) {
        const tap_block pixels = tap_block_at(plan, block, tap);
        if (pixels.images == 0 && !first_block) continue;
        sum.images = pixels.images;
        sum.lines = pixels.lines;
        sum.pixels = pixels.pixels;
        if (pixels.images > 0) {
            sum.a = pixels.a;
            sum.b = pixels.b + group * geometry->target_group;
        }
        sum.c = sums + (group * taps(plan) + tap) * geometry->columns;
        plan->kernels->depthwise_gradient(&sum);
    }
}

/// The part of the gradient and the chunk of the pixels that a task sums.
static void run_task(const gradient_plan *plan, size_t task) {
    const size_t row_part = task % plan->row_parts, panel_part = task / plan->row_parts % plan->panel_parts;
    const size_t chunk = task / plan->row_parts / plan->panel_parts;
    const size_t first_row = plan->row_tiles * row_part / plan->row_parts;
    const size_t end_row = plan->row_tiles * (row_part + 1) / plan->row_parts;
    const size_t first_panel = plan->panels * panel_part / plan->panel_parts;
    const size_t end_panel = plan->panels * (panel_part + 1) / plan->panel_parts;
    const size_t first_block = plan->blocks * chunk / plan->chunks,
                 end_block = plan->blocks * (chunk + 1) / plan->chunks;
    float *sums = plan->sums + chunk * plan->sums_size;
    for (size_t block = first_block; block < end_block; block++) {
        for (size_t panel = first_panel; panel < end_panel; panel++) {
            if (plan->geometry.depthwise) {
                add_depthwise(plan, block, block == first_block, panel, sums);
            } else {
                add_rows(plan, block, block == first_block, panel, first_row, end_row, sums);
            }
        }
    }
}

size_t snn_conv_backward_weights_workspace_size(const snn_conv_shape *shape) {
    const gradient_plan plan = make_plan(shape);
    return conv_padded_size(shape) + plan.chunks * plan.sums_size * sizeof(float);
}

void snn_conv_backward_weights(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace) {
    gradient_plan plan = make_plan(shape);
    plan.x = conv_padded(shape, x, workspace);
    plan.dy = dy;
    plan.sums = (float *)((char *)workspace + conv_padded_size(shape));
    const size_t tasks = plan.chunks * plan.panel_parts * plan.row_parts;
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(conv_work(shape)))
    for (size_t task = 0; task < tasks; task++) run_task(&plan, task);
    conv_unpack_sums(&plan.packing, plan.chunks, plan.sums, accumulate, dweights);
}
