// The weight gradient: for every tap a product of x (transposed) and dy over all output pixels, which are cut into
// blocks. Of a block both are copied first, into the order in which a register tile reads them. Where the gradient is
// small, the blocks are shared out as chunks, each with sums of its own that are added up at the end; else all threads
// share every block. Either follows from the shape alone, and each sum is summed by one thread in one order, so the
// bits do not depend on the threads.
#include <string.h>

#include "conv/blocks.h"
#include "conv/depthwise.h"
#include "conv/gradient_operand.h"
#include "conv/method.h"
#include "conv/packing.h"
#include "conv/pixel_blocks.h"
#include "conv/planes.h"
#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// A copy pays where its parts are read so often.
enum { reads_worth_copying = 10 };

/// The images of a pixel lie behind one another where a block has so many.
enum { images_worth_joining = 4 };

typedef struct {
    const snn_kernel_table *kernels;
    conv_geometry geometry;
    conv_packing packing;            ///< the order of the sums: [group][panel][tap][row][column of the panel]
    gradient_operand rows, columns;  ///< x in tiles of rows, and dy in panels of columns
    pixel_blocks blocks;
    size_t taps;
    size_t slab_tiles;  ///< so many stay in the second-level cache while the panels pass
    size_t chunks;      ///< of the blocks
    size_t sums_size;   ///< floats of a chunk
    float *sums, *copies;
} gradient_plan;

static size_t panel_count(const gradient_plan *plan) { return plan->columns.groups * plan->columns.group_parts; }

static gradient_operand operand_x(const conv_geometry *geometry) {
    return (gradient_operand){
        .height = geometry->height,
        .width = geometry->width,
        .channels = geometry->source_channels,
        .groups = geometry->groups,
        .group_step = geometry->source_group,
        .group_channels = geometry->depth,
    };
}

/// No tap moves dy: each position reads itself.
static gradient_operand operand_dy(const conv_geometry *geometry) {
    const size_t lines = geometry->height.positions, columns = geometry->width.positions;
    return (gradient_operand){
        .height = {.positions = lines, .taps = 1, .step = 1, .source_size = lines},
        .width = {.positions = columns, .taps = 1, .step = 1, .source_size = columns},
        .channels = geometry->target_channels,
        .groups = geometry->groups,
        .group_step = geometry->target_group,
        .group_channels = geometry->columns,
    };
}

/// Floats that the block's copy of an operand has for one output pixel, about.
static size_t pixel_floats(const gradient_operand *operand) {
    const size_t down = operand->height.taps > 1 ? (size_t)operand->height.step : 1;
    const size_t right = operand->width.taps > 1 ? (size_t)operand->width.step : 1;
    return snn_max(1, down * right * operand->channels);
}

static void choose_parts(gradient_plan *plan) {
    gradient_operand *rows = &plan->rows, *columns = &plan->columns;
    rows->part_channels = snn_even_piece(rows->group_channels, plan->kernels->tile_rows);
    rows->group_parts = snn_ceil_div(rows->group_channels, rows->part_channels);
    columns->panels = true;
    columns->part_channels = plan->packing.panel_columns;
    columns->group_parts = conv_packing_panels(&plan->packing);
    // A single panel is as dense in place.
    columns->in_place = panel_count(plan) == 1 || rows->group_parts * plan->taps < reads_worth_copying;
    rows->in_place = columns->group_parts * plan->taps < reads_worth_copying;
}

/// Pixels for a block: so many that a panel fits half of the first-level cache (all of it where it streams through in
/// place), and where chunks are wanted, few enough to make that many blocks and to keep x in half of the second-level
/// cache. With few pixels, most time would go into loading and storing the sums, and adding up those of the chunks.
static size_t choose_pixels(const gradient_plan *plan, bool in_chunks) {
    const conv_geometry *geometry = &plan->geometry;
    const size_t panel_bytes = plan->columns.in_place ? snn_l1_cache_size() : snn_l1_cache_size() / 2;
    size_t pixels = panel_bytes / (plan->kernels->tile_columns * sizeof(float));
    if (in_chunks) {
        const size_t all = geometry->batch * geometry->height.positions * geometry->width.positions;
        const size_t fitting = snn_l2_cache_size() / 2 / (pixel_floats(&plan->rows) * sizeof(float));
        pixels = snn_min(pixels, snn_min(fitting, all / SNN_WANTED_CHUNKS));
    }
    return snn_max(128, pixels);
}

static void plan_copies(gradient_plan *plan) {
    gradient_operand *rows = &plan->rows, *columns = &plan->columns;
    rows->images_inside = columns->images_inside =
        !rows->in_place && !columns->in_place && plan->blocks.images >= images_worth_joining;
    gradient_operand_plan(rows, &plan->blocks);
    gradient_operand_plan(columns, &plan->blocks);
    plan->slab_tiles = snn_max(1, snn_l2_cache_size() / 2 / (snn_max(1, rows->part_size) * sizeof(float)));
}

static gradient_plan make_plan(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    gradient_plan plan = {
        .kernels = snn_kernels(),
        .geometry = geometry,
        .packing = conv_forward_packing(shape),
        .rows = operand_x(&geometry),
        .columns = operand_dy(&geometry),
        .taps = geometry.height.taps * geometry.width.taps,
    };
    choose_parts(&plan);
    // Neighbouring pixels have numbers in common.
    if (conv_is_folded(shape)) plan.rows.in_place = true;
    plan.sums_size = conv_packing_size(&plan.packing);
    const bool in_chunks = plan.sums_size * sizeof(float) <= snn_l2_cache_size() / 2;
    plan.blocks = pixel_blocks_of(&geometry, choose_pixels(&plan, in_chunks));
    plan.chunks = in_chunks ? snn_min(SNN_WANTED_CHUNKS, plan.blocks.count) : 1;
    plan_copies(&plan);
    return plan;
}

static size_t copy_size(const gradient_plan *plan) { return plan->rows.copy_size + plan->columns.copy_size; }

static size_t copy_count(const gradient_plan *plan) { return snn_min(plan->chunks, (size_t)snn_most_threads()); }

static void copy_block(const gradient_plan *plan, size_t index, size_t share, size_t shares, float *copy) {
    const pixel_block block = pixel_block_at(&plan->geometry, &plan->blocks, index);
    gradient_operand_copy(&plan->rows, plan->kernels, &block, share, shares, copy);
    gradient_operand_copy(&plan->columns, plan->kernels, &block, share, shares, copy + plan->rows.copy_size);
}

/// Makes one loop of those that run on in both A and B.
static void join_loops(snn_weight_gradient_tile *tile) {
    for (size_t outer = 2; outer-- > 0;) {
        if (tile->a_steps[outer] != tile->counts[2] * tile->a_steps[2]) return;
        if (tile->b_steps[outer] != tile->counts[2] * tile->b_steps[2]) return;
        tile->counts[2] *= tile->counts[outer];
        tile->counts[outer] = 1;
    }
}

/// The loops of a tile over the pixels that one tap meets.
static void set_loops(const gradient_plan *plan, const tap_pixels *met, const pixel_grid *a, const pixel_grid *b,
    snn_weight_gradient_tile *tile) {
    const bool images_inside = plan->rows.images_inside;
    const size_t counts[] = {images_inside ? met->lines : met->images, images_inside ? met->columns : met->lines,
        images_inside ? met->images : met->columns};
    tile->a = a->first;
    tile->b = b->first;
    memcpy(tile->counts, counts, sizeof(counts));
    memcpy(tile->a_steps, a->steps, sizeof(a->steps));
    memcpy(tile->b_steps, b->steps, sizeof(b->steps));
    join_loops(tile);
}

/// What the next block reads is fetched while the tiles of this one are summed, a piece with every tile: the sums of
/// few channels take hardly longer than their pixels take to come from memory.
typedef struct {
    number_range rows, columns;  ///< empty behind the last block
    size_t piece, place;         ///< how many with a tile, and the next one to be fetched
} fetch_ahead;

/// For the tiles from `first_tile` on of all taps.
static fetch_ahead fetch_block(const gradient_plan *plan, size_t index, size_t first_tile) {
    fetch_ahead fetch = {0};
    if (index >= plan->blocks.count) return fetch;
    const pixel_block block = pixel_block_at(&plan->geometry, &plan->blocks, index);
    fetch.rows = gradient_operand_range(&plan->rows, &block);
    fetch.columns = gradient_operand_range(&plan->columns, &block);
    const size_t tiles = plan->rows.group_parts * panel_count(plan) * plan->taps;
    fetch.piece = snn_ceil_div(fetch.rows.count + fetch.columns.count, snn_max(tiles, 1));
    fetch.place = first_tile * fetch.piece;
    return fetch;
}

static void fetch_piece(fetch_ahead *fetch, size_t pixels, snn_weight_gradient_tile *tile) {
    tile->ahead_step = snn_ceil_div(fetch->piece, snn_max(pixels, 1));
    if (fetch->place < fetch->rows.count) {
        tile->ahead = fetch->rows.first + fetch->place;
    } else if (fetch->place - fetch->rows.count < fetch->columns.count) {
        tile->ahead = fetch->columns.first + (fetch->place - fetch->rows.count);
    } else {
        tile->ahead = tile->b;
        tile->ahead_step = tile->b_steps[2];
    }
    fetch->place += fetch->piece;
}

/// Adds a block to the tiles [first, end) of one panel, at all taps.
static void add_tiles(const gradient_plan *plan, const pixel_block *block, const float *copy, bool first_block,
    size_t panel_index, size_t first, size_t end, fetch_ahead *fetch, float *sums) {
    const gradient_operand *rows = &plan->rows, *columns = &plan->columns;
    const size_t width = plan->packing.panel_columns, kernel_width = plan->geometry.width.taps;
    const size_t group = panel_index / columns->group_parts;
    const channel_part panel = gradient_operand_part(columns, group, panel_index % columns->group_parts);
    float *panel_sums = sums + panel_index * conv_packing_panel_size(&plan->packing);
    for (size_t tap = 0; tap < plan->taps; tap++) {
        const tap_pixels met = pixel_block_tap(&plan->geometry, block, tap);
        const size_t pixels = met.images * met.lines * met.columns, i = tap / kernel_width, j = tap % kernel_width;
        // The first block is added even without pixels: its sums are then zero.
        if (pixels == 0 && !first_block) continue;
        pixel_grid b = {0};
        if (pixels > 0) b = gradient_operand_grid(columns, block, &met, i, j, &panel, copy + rows->copy_size);
        for (size_t t = first; t < end; t++) {
            const channel_part part = gradient_operand_part(rows, group, t);
            snn_weight_gradient_tile tile = {
                .rows = part.count,
                .columns = panel.count,
                .b_padded = !columns->in_place,
                .c = panel_sums + (tap * rows->group_channels + part.first) * width,
                .c_row = width,
                .beta = first_block ? 0 : 1,
            };
            if (pixels > 0) {
                const pixel_grid a = gradient_operand_grid(rows, block, &met, i, j, &part, copy);
                set_loops(plan, &met, &a, &b, &tile);
            }
            fetch_piece(fetch, pixels, &tile);
            plan->kernels->weight_gradient_tile(&tile);
        }
    }
}

/// The tiles of a block's sums: counted slab by slab, panel by panel in a slab, and downwards in a panel.
static size_t block_tiles(const gradient_plan *plan) { return plan->rows.group_parts * panel_count(plan); }

/// Adds a block to the tiles [first, end).
static void add_block(const gradient_plan *plan, size_t index, const float *copy, bool first_block, size_t first,
    size_t end, float *sums) {
    const pixel_block block = pixel_block_at(&plan->geometry, &plan->blocks, index);
    const size_t tiles = plan->rows.group_parts, panels = panel_count(plan);
    fetch_ahead fetch = fetch_block(plan, index + 1, first * plan->taps);
    for (size_t top = 0; top < tiles; top += plan->slab_tiles) {
        const size_t height = snn_min(plan->slab_tiles, tiles - top), before = top * panels;
        const size_t stop = snn_min(end, before + height * panels);
        for (size_t i = snn_max(first, before), next; i < stop; i = next) {
            const size_t panel = (i - before) / height, tile = (i - before) % height;
            next = snn_min(i + height - tile, stop);
            add_tiles(plan, &block, copy, first_block, panel, top + tile, top + tile + (next - i), &fetch, sums);
        }
    }
}

static void add_chunk(const gradient_plan *plan, size_t chunk, float *copy) {
    const size_t first = plan->blocks.count * chunk / plan->chunks;
    const size_t end = plan->blocks.count * (chunk + 1) / plan->chunks;
    for (size_t b = first; b < end; b++) {
        copy_block(plan, b, 0, 1, copy);
        add_block(plan, b, copy, b == first, 0, block_tiles(plan), plan->sums + chunk * plan->sums_size);
    }
}

static void add_chunks(const gradient_plan *plan, size_t threads) {
    const size_t adders = snn_min(threads, copy_count(plan));
    SNN_PARALLEL_FOR_BY(
        adders, adder, chunk, plan->chunks, { add_chunk(plan, chunk, plan->copies + adder * copy_size(plan)); });
}

static void add_shared_block(const gradient_plan *plan, size_t index, size_t threads) {
    SNN_PARALLEL_FOR(threads, share, threads, { copy_block(plan, index, share, threads, plan->copies); });
    SNN_PARALLEL_PIECES(threads, thread, first, end, block_tiles(plan),
        { add_block(plan, index, plan->copies, index == 0, first, end, plan->sums); });
}

static size_t sums_workspace_size(const snn_conv_shape *shape) {
    const gradient_plan plan = make_plan(shape);
    const size_t floats = plan.chunks * plan.sums_size + copy_count(&plan) * copy_size(&plan);
    return floats * sizeof(float);
}

static void add_up_blocks(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace) {
    gradient_plan plan = make_plan(shape);
    plan.rows.numbers = x;
    plan.columns.numbers = dy;
    plan.copies = workspace;
    plan.sums = plan.copies + copy_count(&plan) * copy_size(&plan);
    const size_t threads = (size_t)snn_threads_for_products(conv_products(shape));
    if (plan.chunks > 1) {
        add_chunks(&plan, threads);
    } else {
        for (size_t block = 0; block < plan.blocks.count; block++) add_shared_block(&plan, block, threads);
    }
    conv_unpack_sums(&plan.packing, plan.chunks, plan.sums, accumulate, dweights);
}

static size_t direct_workspace_size(const snn_conv_shape *shape) {
    const size_t sums =
        conv_prefers_planes(shape) ? conv_planes_weights_workspace_size(shape) : sums_workspace_size(shape);
    return conv_widened_size(shape) + conv_padded_size(shape) + sums;
}

static void direct_backward_weights(
    const snn_conv_shape *shape, const float *x, const void *dy, bool accumulate, float *dweights, void *workspace) {
    char *padded = (char *)workspace + conv_widened_size(shape), *sums = padded + conv_padded_size(shape);
    const float *padded_x = conv_padded(shape, x, (float *)padded), *wide_dy = conv_widened(shape, dy, workspace);
    if (conv_prefers_planes(shape)) {
        conv_planes_backward_weights(shape, padded_x, wide_dy, accumulate, dweights, sums);
    } else {
        add_up_blocks(shape, padded_x, wide_dy, accumulate, dweights, sums);
    }
}

size_t snn_conv_backward_weights_workspace_size(const snn_conv_shape *shape) {
    switch (conv_weights_method_of(shape)) {
        case CONV_BLOCKS: return conv_blocks_backward_weights_workspace_size(shape);
        case CONV_WINOGRAD: {
            const winograd_grid grid = winograd_weights_grid(shape);
            return winograd_weights_workspace_size(&grid);
        }
        case CONV_PRODUCT:
        case CONV_DIRECT:
            return conv_is_depthwise(shape) ? depthwise_weights_workspace_size(shape) : direct_workspace_size(shape);
    }
}

static void filter_weights(
    const snn_conv_shape *shape, const void *x, const void *dy, bool accumulate, float *dweights, void *workspace) {
    const winograd_grid grid = winograd_weights_grid(shape);
    winograd_backward_weights(&grid, x, dy, accumulate, dweights, workspace);
}

void snn_conv_backward_weights(
    const snn_conv_shape *shape, const void *x, const void *dy, bool accumulate, float *dweights, void *workspace) {
    if (shape->in_channels == 0 || shape->out_channels == 0) return;
    switch (conv_weights_method_of(shape)) {
        case CONV_BLOCKS: conv_blocks_backward_weights(shape, x, dy, accumulate, dweights, workspace); break;
        case CONV_WINOGRAD: filter_weights(shape, x, dy, accumulate, dweights, workspace); break;
        case CONV_PRODUCT:
        case CONV_DIRECT:
            if (conv_is_depthwise(shape)) {
                depthwise_backward_weights(shape, x, dy, accumulate, dweights, workspace);
            } else {
                direct_backward_weights(shape, x, dy, accumulate, dweights, workspace);
            }
            break;
    }
}
