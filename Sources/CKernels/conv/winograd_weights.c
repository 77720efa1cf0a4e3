// The weight gradient by Winograd's filtering: x filtered by dy. Chunks of tiles are transformed; then each of the 36
// planes is a product of its own, summed over the chunks by one thread in one order.
#include <string.h>

#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

enum { taps = 9, target_pixels = winograd_side * winograd_side };

typedef struct {
    const winograd_grid *grid;
    const snn_kernel_table *kernels;
    size_t tiles, chunk_tiles;
    size_t panels;
    size_t source_plane, target_plane, sums_plane;  ///< floats between planes
    const float *x, *dy, *zeros;
    float *source_planes;  ///< [plane][tile][source channel]
    float *target_planes;  ///< [plane][panel][tile][column in the panel]
    float *sums;           ///< [plane][source channel][target channel]
} weights_plan;

static weights_plan make_plan(const winograd_grid *grid) {
    const snn_kernel_table *kernels = snn_kernels();
    weights_plan plan = {
        .grid = grid,
        .kernels = kernels,
        .tiles = winograd_tiles(grid),
        .panels = snn_ceil_div(grid->target_channels, kernels->tile_columns),
        .sums_plane = winograd_plane_stride(grid->source_channels * grid->target_channels),
    };
    // A panel of a chunk fits half of the first-level cache.
    const size_t most = snn_max(snn_l1_cache_size() / 2 / (kernels->tile_columns * sizeof(float)), 1);
    const size_t chunks = snn_max(snn_ceil_div(plan.tiles, most), 1);
    plan.chunk_tiles = snn_ceil_div(plan.tiles, chunks);
    plan.source_plane = winograd_plane_stride(plan.chunk_tiles * grid->source_channels);
    plan.target_plane = winograd_plane_stride(plan.chunk_tiles * plan.panels * kernels->tile_columns);
    return plan;
}

static size_t zeros_size(const winograd_grid *grid) {
    const size_t channels = snn_max(grid->source_channels, grid->target_channels);
    return snn_round_up(channels * sizeof(float), SNN_ALIGNMENT);
}

size_t winograd_weights_workspace_size(const winograd_grid *grid) {
    const weights_plan plan = make_plan(grid);
    const size_t planes = plan.source_plane + plan.target_plane + plan.sums_plane;
    return zeros_size(grid) + winograd_planes * planes * sizeof(float);
}

static void transform_x(const weights_plan *plan, size_t tile, size_t row) {
    const winograd_grid *grid = plan->grid;
    const float *pixels[winograd_planes];
    winograd_source_pixels(grid, tile, plan->x, plan->zeros, pixels);
    plan->kernels->winograd_spread_data(
        grid->source_channels, pixels, plan->source_planes + row * grid->source_channels, plan->source_plane);
}

static void transform_dy(const weights_plan *plan, size_t tile, size_t row) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns;
    size_t offsets[target_pixels];
    const float *pixels[target_pixels];
    winograd_target_offsets(grid, tile, offsets);
    winograd_read_pixels(target_pixels, offsets, plan->dy, plan->zeros, pixels);
    for (size_t first = 0; first < grid->target_channels; first += width) {
        float *out = plan->target_planes + (first * plan->chunk_tiles + row * width);
        plan->kernels->winograd_spread_gradient(
            snn_min(width, grid->target_channels - first), pixels, out, plan->target_plane);
        for (size_t i = 0; i < target_pixels; i++) pixels[i] += width;
    }
}

/// Adds a chunk's products to the sums of one plane and panel.
static void multiply_panel(const weights_plan *plan, size_t tiles, bool first_chunk, size_t plane, size_t panel) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns, rows = plan->kernels->tile_rows;
    snn_tile tile = {
        .columns = snn_min(width, grid->target_channels - panel * width),
        .depth = tiles,
        .a_row = 1,
        .a_depth = grid->source_channels,
        .b = plan->target_planes + plane * plan->target_plane + panel * plan->chunk_tiles * width,
        .b_depth = width,
        .b_packed = true,
        .c_row = grid->target_channels,
        .alpha = 1,
        .beta = first_chunk ? 0 : 1,
    };
    for (size_t row = 0; row < grid->source_channels; row += rows) {
        tile.rows = snn_min(rows, grid->source_channels - row);
        tile.a = plan->source_planes + plane * plan->source_plane + row;
        tile.c = plan->sums + plane * plan->sums_plane + row * grid->target_channels + panel * width;
        plan->kernels->gemm_tile(&tile);
    }
}

static void add_chunk(const weights_plan *plan, size_t first, size_t end, int threads) {
    SNN_PARALLEL_FOR(threads, row, end - first, {
        transform_x(plan, first + row, row);
        transform_dy(plan, first + row, row);
    });
    SNN_PARALLEL_2D(threads, plane, winograd_planes, panel, plan->panels,
        { multiply_panel(plan, end - first, first == 0, plane, panel); });
}

/// The gradient of one input channel's weights, in the order users see: [target channel][source channel][tap].
static void finish_channel(const weights_plan *plan, size_t channel, bool accumulate, float *dweights) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns;
    float values[taps][SNN_MAX_TILE_COLUMNS];
    float *pixels[taps];
    for (size_t tap = 0; tap < taps; tap++) pixels[tap] = values[tap];
    for (size_t first = 0; first < grid->target_channels; first += width) {
        const size_t columns = snn_min(width, grid->target_channels - first);
        plan->kernels->winograd_gather_weights(
            columns, plan->sums + channel * grid->target_channels + first, plan->sums_plane, NULL, pixels);
        for (size_t c = 0; c < columns; c++) {
            float *out = dweights + ((first + c) * grid->source_channels + channel) * taps;
            for (size_t tap = 0; tap < taps; tap++) out[tap] = values[tap][c] + (accumulate ? out[tap] : 0);
        }
    }
}

void winograd_backward_weights(
    const winograd_grid *grid, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace) {
    weights_plan plan = make_plan(grid);
    plan.x = x;
    plan.dy = dy;
    plan.zeros = workspace;
    plan.source_planes = (float *)((char *)workspace + zeros_size(grid));
    plan.target_planes = plan.source_planes + winograd_planes * plan.source_plane;
    plan.sums = plan.target_planes + winograd_planes * plan.target_plane;
    memset(workspace, 0, zeros_size(grid));
    const size_t products = winograd_planes * grid->source_channels * grid->target_channels;
    const int threads = snn_threads_for_products(plan.tiles * products);
    // Once also without tiles: the sums are then zero.
    size_t first = 0;
    do {
        add_chunk(&plan, first, snn_min(first + plan.chunk_tiles, plan.tiles), threads);
        first += plan.chunk_tiles;
    } while (first < plan.tiles);
    SNN_PARALLEL_FOR(
        snn_threads_for(products), c, grid->source_channels, { finish_channel(&plan, c, accumulate, dweights); });
}
