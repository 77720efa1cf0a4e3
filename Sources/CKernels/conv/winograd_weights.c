// The weight gradient by Winograd's filtering: x filtered by dy. Chunks of tiles are transformed; then each plane is
// a product of its own, summed over the chunks by one thread in one order.
#include <string.h>

#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

enum { most_taps = 9 };

typedef struct {
    const winograd_grid *grid;
    const snn_kernel_table *kernels;
    size_t planes;
    size_t tiles, chunk_tiles;
    size_t source_row;  ///< floats between the tiles in a plane of the source
    size_t panels;
    size_t source_plane, target_plane, sums_plane;  ///< floats between planes
    const void *x, *dy;
    const float *zeros;
    float *source_planes;  ///< [plane][tile][phase][source channel]
    float *target_planes;  ///< [plane][panel][tile][column in the panel]
    float *sums;           ///< [plane][phase][source channel][target channel]
} weights_plan;

/// Tiles of a chunk, at most. All sums are read and written for every chunk: with so many tiles they are half as many
/// as the transformed numbers. But a register tile of sums that is not summed deeply takes as long to load and store.
static size_t most_chunk_tiles(const winograd_grid *grid) {
    enum { fewest_tiles = 128 };
    const size_t source = winograd_numbers(&grid->source), target = grid->target.channels;
    return snn_max(2 * source * target / snn_max(source + target, 1), fewest_tiles);
}

static weights_plan make_plan(const winograd_grid *grid) {
    const snn_kernel_table *kernels = snn_kernels();
    weights_plan plan = {
        .grid = grid,
        .kernels = kernels,
        .planes = winograd_planes(grid),
        .tiles = winograd_tiles(grid),
        .source_row = winograd_row_stride(winograd_numbers(&grid->source)),
        .panels = snn_ceil_div(grid->target.channels, kernels->tile_columns),
        .sums_plane = winograd_plane_stride(winograd_numbers(&grid->source) * grid->target.channels),
    };
    plan.chunk_tiles = snn_even_piece(plan.tiles, most_chunk_tiles(grid));
    plan.source_plane = winograd_plane_stride(plan.chunk_tiles * plan.source_row);
    plan.target_plane = winograd_plane_stride(plan.chunk_tiles * plan.panels * kernels->tile_columns);
    return plan;
}

static size_t zeros_size(const winograd_grid *grid) {
    const size_t channels = snn_max(grid->source.channels, grid->target.channels);
    return snn_round_up(channels * sizeof(float), SNN_ALIGNMENT);
}

size_t winograd_weights_workspace_size(const winograd_grid *grid) {
    const weights_plan plan = make_plan(grid);
    const size_t planes = plan.source_plane + plan.target_plane + plan.sums_plane;
    return zeros_size(grid) + plan.planes * planes * sizeof(float);
}

/// Transforms x under the tiles [first, end), which are rows of the chunk from `row` on.
static void transform_x(const weights_plan *plan, size_t first, size_t end, snn_winograd_lines lines, size_t row) {
    winograd_transform_source(plan->grid, first, end, lines, plan->x, plan->zeros,
        plan->source_planes + row * plan->source_row, plan->source_row, plan->source_plane);
}

/// The same of one tile of dy.
static void transform_dy_tile(const weights_plan *plan, snn_winograd_lines lines, snn_winograd_results results,
    size_t row, const void *const *pixels, const void *const *next) {
    const winograd_images *target = &plan->grid->target;
    const size_t width = plan->kernels->tile_columns;
    for (size_t first = 0; first < target->channels; first += width) {
        float *out = plan->target_planes + first * (plan->chunk_tiles - 1) + row * width;
        plan->grid->transforms->spread_gradient(first, snn_min(first + width, target->channels), target->format, pixels,
            next, lines, results, out, plan->target_plane);
    }
}

static void read_dy(const weights_plan *plan, winograd_place place, const void **pixels) {
    winograd_target_pixels(plan->grid, place, 0, plan->dy, plan->zeros, pixels);
}

static void transform_dy(const weights_plan *plan, size_t first, size_t end, snn_winograd_lines lines, size_t row) {
    const void *pixels[2][winograd_most_results];
    winograd_place place = winograd_place_of(plan->grid, first);
    read_dy(plan, place, pixels[first % 2]);
    for (size_t tile = first; tile < end; tile++) {
        const snn_winograd_results results = place.results;
        const size_t next = snn_min(tile + 1, end - 1);
        if (next > tile) {
            place = winograd_place_of(plan->grid, next);
            read_dy(plan, place, pixels[next % 2]);
        }
        transform_dy_tile(plan, lines, results, row + tile - first, pixels[tile % 2], pixels[next % 2]);
    }
}

/// Adds a chunk's products to the sums of one plane and panel, as far as the plane's phases have any.
static void multiply_panel(const weights_plan *plan, winograd_range chunk, size_t plane, size_t panel) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns, rows = plan->kernels->tile_rows;
    const winograd_range tiles = winograd_common(winograd_tiles_in(grid, plane), chunk);
    snn_tile tile = {
        .columns = snn_min(width, grid->target.channels - panel * width),
        .depth = tiles.end - tiles.first,
        .a_row = 1,
        .a_depth = plan->source_row,
        .b = plan->target_planes + plane * plan->target_plane + (panel * plan->chunk_tiles + tiles.first) * width,
        .b_depth = width,
        .b_packed = true,
        .c_row = grid->target.channels,
        .alpha = 1,
        .beta = chunk.first == 0 ? 0 : 1,
    };
    if (tile.depth == 0 && tile.beta != 0) return;
    const winograd_range phases = winograd_range_of(grid, &grid->source, plane);
    const size_t end = phases.end * grid->source.channels;
    for (size_t row = phases.first * grid->source.channels; row < end; row += rows) {
        tile.rows = snn_min(rows, end - row);
        tile.a = plan->source_planes + plane * plan->source_plane + tiles.first * plan->source_row + row;
        // Of the lines that it lies in, this tile reads all but the last.
        tile.next_a = tile.a + 2 * rows - 1;
        tile.c = plan->sums + plane * plan->sums_plane + row * grid->target.channels + panel * width;
        plan->kernels->gemm_tile(&tile);
    }
}

/// Several threads transform lines of planes, the upper ones first, as the products then take them: so they mostly find
/// what they need in a cache of their own.
static void transform_chunk(const weights_plan *plan, size_t first_tile, size_t tiles, int threads) {
    const size_t parts = threads > 1 ? 2 : 1;
    SNN_PARALLEL_PIECES(threads, thread, first, end, parts * tiles, {
        for (size_t i = first, next; i < end; i = next) {
            const size_t part = i / tiles, row = i % tiles, tile = first_tile + row;
            const snn_winograd_lines lines = parts == 1  ? SNN_WINOGRAD_ALL
                                             : part == 0 ? SNN_WINOGRAD_UPPER
                                                         : SNN_WINOGRAD_LOWER;
            next = snn_min((part + 1) * tiles, end);
            transform_x(plan, tile, tile + (next - i), lines, row);
            transform_dy(plan, tile, tile + (next - i), lines, row);
        }
    });
}

static void add_chunk(const weights_plan *plan, size_t first, size_t end, int threads) {
    transform_chunk(plan, first, end - first, threads);
    SNN_PARALLEL_2D(threads, plane, plan->planes, panel, plan->panels, {
        multiply_panel(plan, (winograd_range){first, end}, plane, panel);
    });
}

/// The gradient of the weights that one source channel has in a phase, in the order users see: [target channel][source
/// channel][tap].
static void finish_channel(const weights_plan *plan, size_t phase, size_t channel, bool accumulate, float *dweights) {
    const winograd_grid *grid = plan->grid;
    const size_t width = plan->kernels->tile_columns, side = grid->taps;
    const winograd_phase place = winograd_phase_at(&grid->source, phase);
    const float *sums = plan->sums + (phase * grid->source.channels + channel) * grid->target.channels;
    float values[most_taps][SNN_MAX_TILE_COLUMNS];
    void *pixels[most_taps];
    size_t taps[most_taps];
    for (size_t i = 0; i < side * side; i++) {
        const bool is_there = winograd_tap(place, grid->source.step, false, i / side, i % side, &taps[i]);
        pixels[i] = is_there ? values[i] : NULL;
    }
    for (size_t first = 0; first < grid->target.channels; first += width) {
        const size_t columns = snn_min(width, grid->target.channels - first);
        grid->transforms->gather_weights(
            columns, sums + first, plan->sums_plane, winograd_infinity_of(&grid->source, phase), pixels);
        for (size_t c = 0; c < columns; c++) {
            float *out = dweights + ((first + c) * grid->source.channels + channel) * 9;
            for (size_t i = 0; i < side * side; i++) {
                if (pixels[i] != NULL) out[taps[i]] = values[i][c] + (accumulate ? out[taps[i]] : 0);
            }
        }
    }
}

void winograd_backward_weights(
    const winograd_grid *grid, const void *x, const void *dy, bool accumulate, float *dweights, void *workspace) {
    weights_plan plan = make_plan(grid);
    plan.x = x;
    plan.dy = dy;
    plan.zeros = workspace;
    plan.source_planes = (float *)((char *)workspace + zeros_size(grid));
    plan.target_planes = plan.source_planes + plan.planes * plan.source_plane;
    plan.sums = plan.target_planes + plan.planes * plan.target_plane;
    memset(workspace, 0, zeros_size(grid));
    const size_t products = plan.planes * winograd_numbers(&grid->source) * grid->target.channels;
    const int threads = snn_threads_for_products(plan.tiles * products);
    // Once also without tiles: the sums are then zero.
    size_t first = 0;
    do {
        add_chunk(&plan, first, snn_min(first + plan.chunk_tiles, plan.tiles), threads);
        first += plan.chunk_tiles;
    } while (first < plan.tiles);
    SNN_PARALLEL_2D(snn_threads_for(products), phase, winograd_phases(&grid->source), c, grid->source.channels,
        { finish_channel(&plan, phase, c, accumulate, dweights); });
}
