// A pass over the pixels by Winograd's filtering: forward, or the data gradient. A block of tiles is transformed, its
// 36 planes are multiplied with those of the weights, and the products transformed to the target, all in cache.
#include <string.h>

#include "conv/share.h"
#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

typedef struct {
    const winograd_grid *grid;
    const snn_kernel_table *kernels;
    size_t tiles, block_tiles;
    conv_work work;                     ///< its tiles are register tiles: `tile_rows` of ours
    size_t source_plane, target_plane;  ///< floats between the planes of a block
    size_t depth_slice;
    const float *source, *packed, *zeros;
    const snn_epilogue *epilogue;
    float *target;
} pass_plan;

/// Tiles of a block. Every block reads all weights, and every tile moves its transformed pixels through the cache: with
/// this many tiles both are about as many numbers, but no more than the second-level cache holds, unless the weights
/// are large: then at least enough to use them a few times. All threads get something to do.
static size_t choose_block_tiles(const winograd_grid *grid, size_t rows, size_t panels) {
    const size_t channels = snn_max(grid->source_channels + grid->target_channels, 1);
    const size_t tile_bytes = winograd_planes * channels * sizeof(float);
    const size_t fitting = snn_l2_cache_size() * 3 / 4 / tile_bytes;
    const size_t balanced = grid->source_channels * grid->target_channels / channels;
    const size_t all = winograd_tiles(grid), shared = snn_ceil_div(all * panels, 4 * (size_t)snn_most_threads());
    const size_t tiles = snn_min(snn_max(fitting, snn_min(balanced, 8 * rows)), shared);
    return snn_min(snn_round_up(snn_max(tiles, 1), rows), snn_round_up(all, rows));
}

static size_t first_tile(const pass_plan *plan, size_t block) {
    return snn_min(conv_first_tile(&plan->work, block) * plan->kernels->tile_rows, plan->tiles);
}

static pass_plan make_plan(const winograd_grid *grid) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t panels = snn_ceil_div(grid->target_channels, kernels->tile_columns);
    pass_plan plan = {.grid = grid, .kernels = kernels, .tiles = winograd_tiles(grid)};
    plan.block_tiles = snn_max(choose_block_tiles(grid, kernels->tile_rows, panels), 1);
    plan.work = (conv_work){
        .tiles = snn_ceil_div(plan.tiles, kernels->tile_rows),
        .blocks = snn_ceil_div(plan.tiles, plan.block_tiles),
        .panels = panels,
    };
    plan.source_plane = winograd_plane_stride(plan.block_tiles * grid->source_channels);
    plan.target_plane = winograd_plane_stride(plan.block_tiles * grid->target_channels);
    // Half of the first-level cache for a slice of a panel.
    const size_t deepest = snn_max(snn_l1_cache_size() / 2 / (kernels->tile_columns * sizeof(float)), 1);
    plan.depth_slice = snn_ceil_div(grid->source_channels, snn_max(snn_ceil_div(grid->source_channels, deepest), 1));
    return plan;
}

static size_t zeros_size(const winograd_grid *grid) {
    return snn_round_up(grid->source_channels * sizeof(float), SNN_ALIGNMENT);
}

static size_t block_size(const pass_plan *plan) {
    return snn_round_up(winograd_planes * (plan->source_plane + plan->target_plane) * sizeof(float), SNN_ALIGNMENT);
}

/// How many threads may have a share in work.
static size_t workers(const pass_plan *plan) {
    return snn_min(plan->work.blocks * plan->work.panels, (size_t)snn_most_threads());
}

static void transform_source(const pass_plan *plan, size_t first, size_t end, float *planes) {
    const winograd_grid *grid = plan->grid;
    for (size_t tile = first; tile < end; tile++) {
        const float *pixels[winograd_planes];
        winograd_source_pixels(grid, tile, plan->source, plan->zeros, pixels);
        plan->kernels->winograd_spread_data(
            grid->source_channels, pixels, planes + (tile - first) * grid->source_channels, plan->source_plane);
    }
}

/// The products of one plane with a panel of its weights, a slice of the depth.
static void multiply_panel(const pass_plan *plan, size_t tiles, size_t panel, size_t first_depth, const float *a,
    const float *weights, float *c) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns, rows = plan->kernels->tile_rows;
    snn_tile tile = {
        .columns = snn_min(width, grid->target_channels - panel * width),
        .depth = snn_min(plan->depth_slice, grid->source_channels - first_depth),
        .a_row = grid->source_channels,
        .a_depth = 1,
        .b = weights + (panel * grid->source_channels + first_depth) * width,
        .b_depth = width,
        .b_packed = true,
        .c_row = grid->target_channels,
        .alpha = 1,
        .beta = first_depth == 0 ? 0 : 1,
    };
    for (size_t row = 0; row < tiles; row += rows) {
        tile.rows = snn_min(rows, tiles - row);
        tile.a = a + row * grid->source_channels + first_depth;
        tile.c = c + row * grid->target_channels + panel * width;
        plan->kernels->gemm_tile(&tile);
    }
}

static void multiply(
    const pass_plan *plan, size_t tiles, conv_share share, const float *source_planes, float *target_planes) {
    const size_t channels = plan->grid->source_channels;
    const size_t weights_plane = winograd_weights_plane(plan->work.panels, channels, plan->kernels->tile_columns);
    for (size_t plane = 0; plane < winograd_planes; plane++) {
        const float *a = source_planes + plane * plan->source_plane;
        float *c = target_planes + plane * plan->target_plane;
        for (size_t depth = 0; depth < channels; depth += plan->depth_slice) {
            for (size_t panel = share.first_panel; panel < share.end_panel; panel++) {
                multiply_panel(plan, tiles, panel, depth, a, plan->packed + plane * weights_plane, c);
            }
        }
    }
}

static void activate(const pass_plan *plan, size_t channels, float *const *pixels) {
    const snn_activation activation = plan->epilogue->activation;
    for (size_t line = 0; line < winograd_side; line++) {
        float *const *row = pixels + line * winograd_side;
        size_t inside = 0;
        while (inside < winograd_side && row[inside] != NULL) inside++;
        // The pixels of a line are neighbours; some of their channels are not.
        const bool joined = channels == plan->grid->target_channels;
        for (size_t pixel = 0; pixel < inside; pixel += joined ? inside : 1) {
            const size_t count = joined ? inside * channels : channels;
            plan->kernels->activation_forward(activation, count, row[pixel], row[pixel]);
        }
    }
}

/// Transforms a tile's products to its target pixels, with the epilogue.
static void finish_tile(const pass_plan *plan, size_t tile, conv_share share, const float *planes) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns, channel = share.first_panel * width;
    const size_t channels = snn_min(share.end_panel * width, grid->target_channels) - channel;
    size_t offsets[winograd_side * winograd_side];
    float *pixels[winograd_side * winograd_side];
    winograd_target_offsets(grid, tile, offsets);
    for (size_t i = 0; i < winograd_side * winograd_side; i++) {
        pixels[i] = offsets[i] == winograd_outside ? NULL : plan->target + offsets[i] + channel;
    }
    const bool has_bias = plan->epilogue != NULL && plan->epilogue->bias != NULL;
    const float *bias = has_bias ? plan->epilogue->bias + channel : NULL;
    plan->kernels->winograd_gather_output(channels, planes + channel, plan->target_plane, bias, pixels);
    if (plan->epilogue == NULL || plan->epilogue->activation.kind == SNN_IDENTITY) return;
    activate(plan, channels, pixels);
}

static void run_share(const pass_plan *plan, conv_share share, float *planes) {
    const size_t first = first_tile(plan, share.block), end = first_tile(plan, share.block + 1);
    float *target_planes = planes + winograd_planes * plan->source_plane;
    transform_source(plan, first, end, planes);
    multiply(plan, end - first, share, planes, target_planes);
    for (size_t tile = first; tile < end; tile++) {
        finish_tile(plan, tile, share, target_planes + (tile - first) * plan->grid->target_channels);
    }
}

size_t winograd_pass_workspace_size(const winograd_grid *grid) {
    const pass_plan plan = make_plan(grid);
    return zeros_size(grid) + workers(&plan) * block_size(&plan);
}

void winograd_pass(const winograd_grid *grid, const float *source, const float *packed, const snn_epilogue *epilogue,
    float *target, void *workspace) {
    pass_plan plan = make_plan(grid);
    plan.source = source;
    plan.packed = packed;
    plan.zeros = workspace;
    plan.epilogue = epilogue;
    plan.target = target;
    memset(workspace, 0, zeros_size(grid));
    const size_t products = plan.tiles * winograd_planes * grid->source_channels * grid->target_channels;
    const size_t threads = snn_min((size_t)snn_threads_for_products(products), workers(&plan));
    float *planes = (float *)((char *)workspace + zeros_size(grid));
    CONV_PARALLEL_SHARES(threads, worker, &plan.work, share,
        { run_share(&plan, share, planes + worker * (block_size(&plan) / sizeof(float))); });
}
