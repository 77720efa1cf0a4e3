// The weight gradient: for every tap a product of x (transposed) and dy over all output pixels. The pixels are cut into
// blocks that fit the cache; the work is shared out as chunks of blocks, each with sums of its own that are added up at
// the end, or, where the gradient is too large to have many of, as parts of the gradient. All of it follows from the
// shape alone, so the bits do not depend on the threads.
#include "conv/geometry.h"
#include "conv/packing.h"
#include "conv/winograd.h"
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
    float *sums;       ///< chunks x sums_size floats
    size_t sums_size;  ///< of one chunk
    float *copies;     ///< tasks x copy_size floats: one panel of dy at the pixels of a block
    size_t copy_size;
    size_t images, lines, columns;  ///< of a block of output pixels
    size_t line_blocks, column_blocks, blocks;
    size_t chunks;                ///< of the blocks
    size_t tile_rows;             ///< even parts of the rows of the gradient, the input channels of a group
    size_t row_tiles, row_parts;  ///< of these rows
    size_t panels, panel_parts;   ///< of its columns, the output channels of all groups
} gradient_plan;

static size_t tap_count(const gradient_plan *plan) { return plan->geometry.height.taps * plan->geometry.width.taps; }

/// Cuts `size` into even pieces of at most `most`; how many there are.
static size_t cut_evenly(size_t size, size_t most, size_t *piece) {
    const size_t pieces = snn_max(1, snn_ceil_div(size, snn_max(most, 1)));
    *piece = snn_max(1, snn_ceil_div(size, pieces));
    return pieces;
}

/// Blocks of pixels of one line, of lines of one image, or of whole images: as many as keep the part of x and dy that a
/// task reads in half of the second-level cache, and a panel of dy in half of the first; where chunks are wanted, few
/// enough to make that many blocks.
static void choose_blocks(gradient_plan *plan, size_t wanted_chunks) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t lines = geometry->height.positions, columns = geometry->width.positions;
    const size_t source_pixels = (size_t)(geometry->height.step * geometry->width.step);
    const size_t pixel_floats =
        source_pixels * geometry->source_channels / plan->row_parts + geometry->target_channels / plan->panel_parts + 1;
    const size_t panel_pixels = snn_l1_cache_size() / 2 / (plan->kernels->tile_columns * sizeof(float));
    const size_t fitting = snn_min(snn_l2_cache_size() / 2 / (pixel_floats * sizeof(float)), panel_pixels);
    const size_t wanted = geometry->batch * lines * columns / wanted_chunks;
    // With few pixels, most time would go into loading and storing the sums, and adding up those of the chunks.
    const size_t pixels = snn_max(128, snn_min(fitting, wanted));
    plan->column_blocks = cut_evenly(columns, pixels, &plan->columns);
    plan->line_blocks = cut_evenly(lines, pixels / plan->columns, &plan->lines);
    const size_t image_blocks = cut_evenly(geometry->batch, pixels / (plan->columns * plan->lines), &plan->images);
    // At least one, though it may be empty, that sets the sums to zero.
    plan->blocks = image_blocks * plan->line_blocks * plan->column_blocks;
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
    plan.row_tiles = cut_evenly(plan.geometry.depth, plan.kernels->tile_rows, &plan.tile_rows);
    const bool in_chunks = plan.geometry.depthwise || plan.sums_size * sizeof(float) <= snn_l2_cache_size() / 2;
    if (!in_chunks) {
        // About square: each part of the columns reads all of x, and each part of the rows all of dy.
        plan.row_parts = snn_max(1, snn_min(plan.row_tiles, 4));
        plan.panel_parts = snn_max(1, snn_min(plan.panels, wanted_tasks / plan.row_parts));
    }
    choose_blocks(&plan, in_chunks ? wanted_tasks : 1);
    plan.chunks = in_chunks ? snn_min(wanted_tasks, plan.blocks) : 1;
    if (!plan.geometry.depthwise) {
        plan.copy_size = plan.images * plan.lines * plan.columns * plan.packing.panel_columns;
    }
    return plan;
}

static size_t task_count(const gradient_plan *plan) { return plan->chunks * plan->panel_parts * plan->row_parts; }

/// The output pixels of a block: the same lines and columns of some images.
typedef struct {
    size_t first_image, images, first_line, end_line, first_column, end_column;
} pixel_block;

static pixel_block block_at(const gradient_plan *plan, size_t block) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t column = block % plan->column_blocks * plan->columns;
    const size_t line = block / plan->column_blocks % plan->line_blocks * plan->lines;
    const size_t image = block / plan->column_blocks / plan->line_blocks * plan->images;
    // Even pieces that were rounded up may leave nothing for the last one.
    return (pixel_block){
        .first_image = image,
        .images = snn_min(image + plan->images, snn_max(geometry->batch, image)) - image,
        .first_line = line,
        .end_line = snn_min(line + plan->lines, geometry->height.positions),
        .first_column = column,
        .end_column = snn_min(column + plan->columns, geometry->width.positions),
    };
}

/// The pixels of a block that meet no padding through one tap.
typedef struct {
    size_t images;  ///< 0 where there is none
    size_t first_line, lines, first_column, columns;
    const float *a;  ///< where the first one reads
} tap_pixels;

static tap_pixels tap_pixels_of(const gradient_plan *plan, const pixel_block *block, size_t tap) {
    const conv_geometry *geometry = &plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t i = tap / width->taps, j = tap % width->taps;
    size_t first_line, end_line, first_column, end_column;
    conv_axis_range(height, i, &first_line, &end_line);
    conv_axis_range(width, j, &first_column, &end_column);
    first_line = snn_max(first_line, block->first_line);
    end_line = snn_min(end_line, block->end_line);
    first_column = snn_max(first_column, block->first_column);
    end_column = snn_min(end_column, block->end_column);
    if (block->images == 0 || first_line >= end_line || first_column >= end_column) return (tap_pixels){0};
    const ptrdiff_t row = (ptrdiff_t)first_line * height->step + height->offset + (ptrdiff_t)i * height->tap_offset;
    const ptrdiff_t column = (ptrdiff_t)first_column * width->step + width->offset + (ptrdiff_t)j * width->tap_offset;
    const size_t source_row = block->first_image * height->source_size + (size_t)row;
    return (tap_pixels){
        .images = block->images,
        .first_line = first_line,
        .lines = end_line - first_line,
        .first_column = first_column,
        .columns = end_column - first_column,
        .a = plan->x + (source_row * width->source_size + (size_t)column) * geometry->source_channels,
    };
}

static size_t source_line(const conv_geometry *g) { return g->width.source_size * g->source_channels; }
static size_t target_line(const conv_geometry *g) { return g->width.positions * g->target_channels; }

/// A panel of the output channels and its place in its group.
typedef struct {
    size_t index, group, column, columns;
} gradient_panel;

static gradient_panel panel_at(const gradient_plan *plan, size_t index) {
    const size_t group_panels = conv_packing_panels(&plan->packing), width = plan->packing.panel_columns;
    const size_t column = index % group_panels * width;
    return (gradient_panel){
        .index = index,
        .group = index / group_panels,
        .column = column,
        .columns = snn_min(width, plan->geometry.columns - column),
    };
}

/// Copies the panel of dy, which every row of the gradient reads, so that neighbouring pixels are neighbours in the
/// cache as well: in place they are out_channels apart, and with 256 of these all compete for a few cache lines.
static void copy_panel(const gradient_plan *plan, const pixel_block *block, const gradient_panel *panel, float *copy) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t width = plan->packing.panel_columns, channels = geometry->target_channels;
    const size_t first_channel = panel->group * geometry->target_group + panel->column;
    for (size_t image = 0; image < block->images; image++) {
        for (size_t line = block->first_line; line < block->end_line; line++) {
            const size_t row = (block->first_image + image) * geometry->height.positions + line;
            const float *dy = plan->dy + row * target_line(geometry) + first_channel;
            float *out = copy + (image * plan->lines + line - block->first_line) * plan->columns * width;
            plan->kernels->panel_copy(block->end_column - block->first_column, panel->columns,
                dy + block->first_column * channels, channels, out);
        }
    }
}

/// Makes one line of lines, and of images, that lie behind one another in both A and B.
static void join_lines(snn_weight_gradient_tile *tile, size_t width) {
    if (tile->a_line == tile->pixels * tile->a_pixel && tile->b_line == tile->pixels * width) {
        tile->pixels *= tile->lines;
        tile->lines = 1;
        if (tile->a_image == tile->pixels * tile->a_pixel && tile->b_image == tile->pixels * width) {
            tile->pixels *= tile->images;
            tile->images = 1;
        }
    }
}

/// Adds one block to the tiles [first, end) of the rows of one panel, at all taps.
static void add_rows(const gradient_plan *plan, const pixel_block *block, bool first_block, const gradient_panel *panel,
    const float *copy, size_t first, size_t end, float *sums) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t width = plan->packing.panel_columns, tile_rows = plan->tile_rows, taps = tap_count(plan);
    float *panel_sums = sums + panel->index * conv_packing_panel_size(&plan->packing);
    snn_weight_gradient_tile tile = {
        .columns = panel->columns,
        .a_image = geometry->height.source_size * source_line(geometry),
        .a_line = (size_t)geometry->height.step * source_line(geometry),
        .a_pixel = (size_t)geometry->width.step * geometry->source_channels,
        .b_image = plan->lines * plan->columns * width,
        .b_line = plan->columns * width,
        .c_row = width,
        .beta = first_block ? 0 : 1,
    };
    // All taps of a tile's channels after another, since they read the same pixels.
    for (size_t t = first * taps; t < end * taps; t++) {
        const size_t tap = t % taps, row = t / taps * tile_rows;
        const tap_pixels pixels = tap_pixels_of(plan, block, tap);
        if (pixels.images == 0 && !first_block) continue;
        tile.rows = snn_min(tile_rows, geometry->depth - row);
        tile.images = pixels.images;
        if (pixels.images > 0) {
            tile.lines = pixels.lines;
            tile.pixels = pixels.columns;
            tile.a = pixels.a + panel->group * geometry->source_group + row;
            tile.b = copy + (pixels.first_line - block->first_line) * tile.b_line +
                     (pixels.first_column - block->first_column) * width;
        }
        join_lines(&tile, width);
        tile.c = panel_sums + (tap * geometry->depth + row) * width;
        plan->kernels->weight_gradient_tile(&tile);
    }
}

/// Adds one block to all taps of one output of every channel.
static void add_depthwise(
    const gradient_plan *plan, const pixel_block *block, bool first_block, size_t output, float *sums) {
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
    for (size_t tap = 0; tap < tap_count(plan); tap++) {
        const tap_pixels pixels = tap_pixels_of(plan, block, tap);
        if (pixels.images == 0 && !first_block) continue;
        sum.images = pixels.images;
        if (pixels.images > 0) {
            sum.lines = pixels.lines;
            sum.pixels = pixels.columns;
            sum.a = pixels.a;
            sum.b = plan->dy + block->first_image * sum.b_image + pixels.first_line * sum.b_line +
                    pixels.first_column * sum.b_pixel + output * geometry->target_group;
        }
        sum.c = sums + (output * tap_count(plan) + tap) * geometry->columns;
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
    float *sums = plan->sums + chunk * plan->sums_size, *copy = plan->copies + task * plan->copy_size;
    for (size_t b = first_block; b < end_block; b++) {
        const pixel_block block = block_at(plan, b);
        for (size_t p = first_panel; p < end_panel; p++) {
            if (plan->geometry.depthwise) {
                add_depthwise(plan, &block, b == first_block, p, sums);
                continue;
            }
            const gradient_panel panel = panel_at(plan, p);
            copy_panel(plan, &block, &panel, copy);
            add_rows(plan, &block, b == first_block, &panel, copy, first_row, end_row, sums);
        }
    }
}

size_t snn_conv_backward_weights_workspace_size(const snn_conv_shape *shape) {
    if (snn_conv_uses_winograd(shape)) {
        const winograd_grid grid = winograd_forward_grid(shape);
        return winograd_weights_workspace_size(&grid);
    }
    const gradient_plan plan = make_plan(shape);
    const size_t floats = plan.chunks * plan.sums_size + task_count(&plan) * plan.copy_size;
    return conv_padded_size(shape) + floats * sizeof(float);
}

void snn_conv_backward_weights(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace) {
    if (snn_conv_uses_winograd(shape)) {
        const winograd_grid grid = winograd_forward_grid(shape);
        winograd_backward_weights(&grid, x, dy, accumulate, dweights, workspace);
        return;
    }
    gradient_plan plan = make_plan(shape);
    const size_t tasks = task_count(&plan);
    plan.x = conv_padded(shape, x, workspace);
    plan.dy = dy;
    plan.copies = (float *)((char *)workspace + conv_padded_size(shape));
    plan.sums = plan.copies + tasks * plan.copy_size;
    SNN_PARALLEL_FOR(
        snn_threads_for_products(conv_products(shape)),
        for (size_t task = 0; task < tasks; task++) { run_task(&plan, task); });
    conv_unpack_sums(&plan.packing, plan.chunks, plan.sums, accumulate, dweights);
}
