// A pass over the pixels by Winograd's filtering: forward, or the data gradient. A block of tiles is transformed, its
// planes are multiplied with those of the weights, and the products transformed to the target, all in cache.
#include <string.h>

#include "conv/share.h"
#include "conv/winograd.h"
#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

typedef struct {
    const winograd_grid *grid;
    const snn_kernel_table *kernels;
    size_t planes;
    size_t tiles, block_tiles;
    size_t source_numbers;              ///< of a tile in a plane
    size_t phase_panels;                ///< of one phase of the target
    size_t unit;                        ///< tiles that stay together: those of a register tile where there are many
    conv_work work;                     ///< its tiles are such units
    size_t source_row, target_row;      ///< floats between the tiles in a plane of a block
    size_t source_plane, target_plane;  ///< and between its planes
    size_t deepest_slice;
    const float *packed, *zeros;
    const snn_epilogue *epilogue;
    const void *source;
    void *target;
} pass_plan;

/// Tiles of a block. Every block reads all weights, and every tile moves its transformed pixels through the cache: with
/// this many tiles both are about as many numbers, but no fewer than the second-level cache holds beside the weights.
/// But transforms wait for whatever is further away than it must be. Of weights that a third-level cache of common size
/// holds, from where panels are fetched while others are multiplied, a block has no more tiles than the second-level
/// cache holds at all, of more weights no more than a part of the third-level one.
static size_t most_block_tiles(const winograd_grid *grid, size_t rows) {
    enum { fewest_tiles = 14 };
    const size_t source = winograd_numbers(&grid->source), target = winograd_numbers(&grid->target);
    const size_t plane_bytes = winograd_planes(grid) * sizeof(float), tile_bytes = plane_bytes * (source + target);
    const size_t balanced = snn_min(source * target / snn_max(source + target, 1), 8 * rows);
    const size_t second_level = snn_l2_cache_size(), third_level = 16 * second_level;
    const size_t room = plane_bytes * source * target <= third_level ? second_level : third_level * 3 / 8;
    const size_t fitting = room / snn_max(tile_bytes, 1) / rows * rows;
    const size_t wanted = snn_max(second_level * 3 / 8 / snn_max(tile_bytes, 1), balanced);
    return snn_max(snn_min(wanted, snn_max(fitting, fewest_tiles)), 1);
}

/// Cuts the tiles into blocks, so that all threads get something to do. Few tiles, which take no longer than their
/// weights take to be read, are cut anywhere, and a single block is shared by its panels.
static void cut_blocks(pass_plan *plan) {
    enum { fewest_register_tiles = 4 };
    const size_t rows = plan->kernels->tile_rows, threads = (size_t)snn_most_threads(), panels = plan->work.panels;
    const size_t most = most_block_tiles(plan->grid, rows);
    if (plan->tiles < fewest_register_tiles * rows * threads) {
        const size_t wanted = panels < threads ? snn_ceil_div(plan->tiles, threads) : most;
        plan->unit = 1;
        plan->block_tiles = snn_even_piece(plan->tiles, snn_min(most, wanted));
    } else {
        const size_t shared = snn_ceil_div(plan->tiles * panels, 4 * threads);
        plan->unit = rows;
        plan->block_tiles = snn_min(snn_round_up(snn_min(most, shared), rows), snn_round_up(plan->tiles, rows));
    }
    plan->work.tiles = snn_ceil_div(plan->tiles, plan->unit);
    plan->work.blocks = snn_ceil_div(plan->tiles, plan->block_tiles);
}

static size_t first_tile(const pass_plan *plan, size_t block) {
    return snn_min(conv_first_tile(&plan->work, block) * plan->unit, plan->tiles);
}

static pass_plan make_plan(const winograd_grid *grid) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t panels = winograd_panels(grid, kernels->tile_columns);
    pass_plan plan = {
        .work.panels = panels,
        .grid = grid,
        .kernels = kernels,
        .planes = winograd_planes(grid),
        .tiles = winograd_tiles(grid),
        .source_numbers = winograd_numbers(&grid->source),
        .source_row = winograd_row_stride(winograd_numbers(&grid->source)),
        .target_row = winograd_row_stride(winograd_numbers(&grid->target)),
        .phase_panels = panels / winograd_phases(&grid->target),
        // A slice of a panel that is larger than the first-level cache streams through it.
        .deepest_slice = snn_max(2 * snn_l1_cache_size() / (kernels->tile_columns * sizeof(float)), 1),
    };
    cut_blocks(&plan);
    plan.source_plane = winograd_plane_stride(plan.block_tiles * plan.source_row);
    plan.target_plane = winograd_plane_stride(plan.block_tiles * plan.target_row);
    return plan;
}

static size_t zeros_size(const winograd_grid *grid) {
    return snn_round_up(grid->source.channels * sizeof(float), SNN_ALIGNMENT);
}

static size_t block_size(const pass_plan *plan) {
    return snn_round_up(plan->planes * (plan->source_plane + plan->target_plane) * sizeof(float), SNN_ALIGNMENT);
}

/// How many threads may have a share in work.
static size_t workers(const pass_plan *plan) {
    return snn_min(plan->work.blocks * plan->work.panels, (size_t)snn_most_threads());
}

/// The numbers [first, end) of the depth, which are multiplied at a time.
typedef struct {
    size_t first, end;
    bool adds;  ///< to what those before them gave
} depth_slice;

/// The products of one plane with a panel of its weights, a slice of the depth. Where few register tiles pass over a
/// panel, it has hardly come from memory when the next one is wanted, which each of them then fetches a part of.
static void multiply_panel(const pass_plan *plan, winograd_range tiles, size_t panel, depth_slice slice, const float *a,
    const float *weights, const float *next_panel, float *c) {
    enum { few_passes = 4 };
    const size_t width = plan->kernels->tile_columns;
    const size_t rows = snn_even_piece(tiles.end - tiles.first, plan->kernels->tile_rows);
    const size_t passes = snn_ceil_div(tiles.end - tiles.first, rows);
    const size_t channels = plan->grid->target.channels, channel = panel % plan->phase_panels * width;
    snn_tile tile = {
        .columns = snn_min(width, channels - channel),
        .depth = slice.end - slice.first,
        .a_row = plan->source_row,
        .a_depth = 1,
        .b = weights + (panel * plan->source_numbers + slice.first) * width,
        .b_depth = width,
        .b_packed = true,
        .c_row = plan->target_row,
        .alpha = 1,
        .beta = slice.adds ? 1 : 0,
    };
    for (size_t row = tiles.first, pass = 0; row < tiles.end; row += rows, pass++) {
        tile.rows = snn_min(rows, tiles.end - row);
        if (passes <= few_passes) {
            tile.ahead = next_panel + tile.depth * width * pass / passes;
            tile.ahead_depth = width / passes;
        }
        tile.a = a + row * plan->source_row + slice.first;
        if (tile.depth == plan->source_numbers) tile.next_a = tile.a + tile.rows * plan->source_row;
        tile.c = c + row * plan->target_row + panel / plan->phase_panels * channels + channel;
        plan->kernels->gemm_tile(&tile);
    }
}

/// The products of one plane, as far as its phases have any.
static void multiply_plane(const pass_plan *plan, winograd_range tiles, size_t plane, conv_share share, const float *a,
    const float *weights, const float *next_plane, float *c) {
    const winograd_images *source = &plan->grid->source, *target = &plan->grid->target;
    const winograd_range depths = winograd_range_of(plan->grid, source, plane);
    const winograd_range columns = winograd_range_of(plan->grid, target, plane);
    const size_t start = depths.first * source->channels, end = depths.end * source->channels;
    const size_t first_panel = snn_max(share.first_panel, columns.first * plan->phase_panels);
    const size_t end_panel = snn_min(share.end_panel, columns.end * plan->phase_panels);
    const size_t slices = snn_max(snn_ceil_div(end - start, plan->deepest_slice), 1);
    const size_t panel_size = plan->source_numbers * plan->kernels->tile_columns;
    for (size_t i = 0; i < slices; i++) {
        const depth_slice slice = {start + (end - start) * i / slices, start + (end - start) * (i + 1) / slices, i > 0};
        for (size_t panel = first_panel; panel < end_panel; panel++) {
            const float *next = panel + 1 < end_panel ? weights + (panel + 1) * panel_size : next_plane;
            multiply_panel(plan, tiles, panel, slice, a, weights, next, c);
        }
    }
}

/// The products of a block of tiles.
static void multiply(
    const pass_plan *plan, winograd_range block, conv_share share, const float *source_planes, float *target_planes) {
    const size_t weights_plane = winograd_weights_plane(plan->grid, plan->kernels->tile_columns);
    const size_t panel_size = plan->source_numbers * plan->kernels->tile_columns;
    for (size_t plane = 0; plane < plan->planes; plane++) {
        const winograd_range tiles = winograd_common(winograd_tiles_in(plan->grid, plane), block);
        const float *weights = plan->packed + plane * weights_plane;
        multiply_plane(plan, tiles, plane, share, source_planes + plane * plan->source_plane, weights,
            weights + weights_plane + share.first_panel * panel_size, target_planes + plane * plan->target_plane);
    }
}

static void activate(const pass_plan *plan, size_t channels, void *const *pixels) {
    const snn_activation activation = plan->epilogue->activation;
    const size_t side = plan->grid->side;
    for (size_t line = 0; line < side; line++) {
        void *const *row = pixels + line * side;
        size_t inside = 0;
        while (inside < side && row[inside] != NULL) inside++;
        // The pixels of a line are neighbours; some of their channels are not.
        const bool joined = channels == plan->grid->target.channels;
        for (size_t pixel = 0; pixel < inside; pixel += joined ? inside : 1) {
            const size_t count = joined ? inside * channels : channels;
            plan->kernels->activation_forward(activation, count, row[pixel], row[pixel]);
        }
    }
}

/// Transforms a tile's products to its pixels, which are of floats or need no activation.
static void finish_pixels(const pass_plan *plan, size_t phase, snn_winograd_results results, size_t channel,
    size_t channels, const float *planes, snn_number_format format, void *const *pixels) {
    const winograd_images *target = &plan->grid->target;
    plan->grid->transforms->gather_output(channels, planes + phase * target->channels + channel, plan->target_plane,
        winograd_infinity_of(target, phase), results, snn_epilogue_bias(plan->epilogue, channel), format, pixels);
}

/// The same for one panel with an activation, behind which the pixels are rounded.
static void finish_rounded(const pass_plan *plan, size_t phase, snn_winograd_results results, size_t channel,
    size_t channels, const float *planes, void *const *pixels) {
    const size_t count = plan->grid->side * plan->grid->side;
    float floats[winograd_most_results][SNN_MAX_TILE_COLUMNS];
    void *places[winograd_most_results];
    for (size_t i = 0; i < count; i++) places[i] = pixels[i] == NULL ? NULL : floats[i];
    finish_pixels(plan, phase, results, channel, channels, planes, SNN_FLOAT32, places);
    for (size_t i = 0; i < count; i++) {
        if (pixels[i] == NULL) continue;
        plan->kernels->activation_forward(plan->epilogue->activation, channels, floats[i], floats[i]);
        if (plan->grid->target.format == SNN_BFLOAT16) {
            plan->kernels->narrow_to_bfloat16(channels, floats[i], pixels[i]);
        } else {
            plan->kernels->round_to_bfloat16(channels, floats[i], pixels[i]);
        }
    }
}

/// To the channels that lie so many bytes further.
static void advance_pixels(size_t count, void **pixels, size_t bytes) {
    for (size_t i = 0; i < count; i++) {
        if (pixels[i] != NULL) pixels[i] = (char *)pixels[i] + bytes;
    }
}

/// Transforms a tile's products in the panels [first, end) of a phase to its target pixels, with the epilogue.
static void finish_phase(const pass_plan *plan, winograd_place place, size_t phase, size_t first_panel,
    size_t end_panel, const float *planes) {
    const winograd_images *target = &plan->grid->target;
    const bool activates = snn_epilogue_activates(plan->epilogue);
    const size_t width = plan->kernels->tile_columns, number = snn_number_size(target->format);
    const size_t first = first_panel * width, end = snn_min(end_panel * width, target->channels);
    void *pixels[winograd_most_results];
    winograd_target_pixels(
        plan->grid, place, phase, (const char *)plan->target + first * number, NULL, (const void **)pixels);
    if (!activates || target->format == SNN_FLOAT32) {
        finish_pixels(plan, phase, place.results, first, end - first, planes, target->format, pixels);
        if (activates) activate(plan, end - first, pixels);
        return;
    }
    for (size_t channel = first; channel < end; channel += width) {
        const size_t channels = snn_min(width, end - channel);
        finish_rounded(plan, phase, place.results, channel, channels, planes, pixels);
        advance_pixels(plan->grid->side * plan->grid->side, pixels, channels * number);
    }
}

static void finish_tile(const pass_plan *plan, size_t tile, conv_share share, const float *planes) {
    const size_t panels = plan->phase_panels;
    const winograd_place place = winograd_place_of(plan->grid, tile);
    for (size_t phase = share.first_panel / panels; phase * panels < share.end_panel; phase++) {
        const size_t first = snn_max(share.first_panel, phase * panels);
        const size_t end = snn_min(share.end_panel, (phase + 1) * panels);
        finish_phase(plan, place, phase, first - phase * panels, end - phase * panels, planes);
    }
}

static void run_share(const pass_plan *plan, conv_share share, float *planes) {
    const size_t first = first_tile(plan, share.block), end = first_tile(plan, share.block + 1);
    float *target_planes = planes + plan->planes * plan->source_plane;
    winograd_transform_source(plan->grid, first, end, SNN_WINOGRAD_ALL, plan->source, plan->zeros, planes,
        plan->source_row, plan->source_plane);
    multiply(plan, (winograd_range){first, end}, share, planes, target_planes);
    for (size_t tile = first; tile < end; tile++) {
        finish_tile(plan, tile, share, target_planes + (tile - first) * plan->target_row);
    }
}

size_t winograd_pass_workspace_size(const winograd_grid *grid) {
    const pass_plan plan = make_plan(grid);
    return zeros_size(grid) + workers(&plan) * block_size(&plan);
}

void winograd_pass(const winograd_grid *grid, const void *source, const float *packed, const snn_epilogue *epilogue,
    void *target, void *workspace) {
    pass_plan plan = make_plan(grid);
    plan.source = source;
    plan.packed = packed;
    plan.zeros = workspace;
    plan.epilogue = epilogue;
    plan.target = target;
    memset(workspace, 0, zeros_size(grid));
    const size_t products = plan.tiles * plan.planes * plan.source_numbers * winograd_numbers(&grid->target);
    const size_t threads = snn_min((size_t)snn_threads_for_products(products), workers(&plan));
    float *planes = (float *)((char *)workspace + zeros_size(grid));
    CONV_PARALLEL_SHARES(threads, worker, &plan.work, share,
        { run_share(&plan, share, planes + worker * (block_size(&plan) / sizeof(float))); });
}
