// Direct convolution: no input is copied. A tile of target pixels holds a pointer for every tap and pixel (the
// indirection of Dukhan, "The indirect convolution algorithm", 2019), which then serves all output channels. A block of
// tiles passes over one panel of weights after the other, so that the panel comes from the second-level cache.
#include "conv/gather.h"

#include "conv/share.h"
#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// What a block of tiles may keep on the stack.
enum { max_block_tiles = 16, max_slice_taps = 32, max_pointers = 4096 };

typedef struct {
    const conv_geometry *geometry;
    const conv_operands *operands;
    const snn_kernel_table *kernels;
    size_t image_positions;
    conv_work work;
    size_t group_panels;      ///< panels of a group
    size_t taps, slice_taps;  ///< the taps are summed a slice at a time
} gather_plan;

/// One target pixel: where it goes, and where its first tap would read.
typedef struct {
    float *target;
    ptrdiff_t row, column;
    ptrdiff_t source;  ///< in floats from the start of the source
} gather_pixel;

/// The tiles a thread works on at a time.
typedef struct {
    size_t tiles;
    size_t rows[max_block_tiles];
    gather_pixel pixels[max_block_tiles][SNN_MAX_TILE_ROWS];
    float *targets[max_block_tiles][SNN_MAX_TILE_ROWS];
    // Of the slice of taps in work; taps that are padding for all pixels of a tile are left out.
    size_t taps[max_block_tiles];
    size_t tap[max_block_tiles][max_slice_taps];
    const float *sources[max_pointers];
} gather_block;

size_t conv_zeros_size(const conv_geometry *geometry) {
    const size_t floats = snn_max(geometry->source_channels, geometry->depth);
    return snn_round_up(floats * sizeof(float), SNN_ALIGNMENT);
}

/// Tiles for a block: as many as keep source and target in half of the second-level cache, but enough work to share: in
/// blocks where their weights stay in that cache, or else, since every block reads them anew, in panels too.
static size_t choose_block_tiles(const gather_plan *plan) {
    const conv_geometry *geometry = plan->geometry;
    const size_t cache = snn_l2_cache_size(), rows = plan->kernels->tile_rows;
    const size_t pixel_floats =
        geometry->source_channels * (size_t)(geometry->height.step * geometry->width.step) + geometry->target_channels;
    const size_t tile_bytes = rows * snn_max(pixel_floats, 1) * sizeof(float);
    const size_t panel_floats = geometry->kernel_taps * geometry->depth * plan->kernels->tile_columns;
    const bool weights_stay = plan->work.panels * panel_floats * sizeof(float) <= cache;
    const size_t items = plan->work.tiles * (weights_stay ? 1 : plan->work.panels);
    size_t tiles = snn_min(cache / 2 / tile_bytes, snn_ceil_div(items, 8 * (size_t)snn_most_threads()));
    tiles = snn_min(tiles, max_pointers / (snn_max(plan->slice_taps, 1) * rows));
    return snn_max(1, snn_min(tiles, max_block_tiles));
}

/// Taps for a slice: as many as keep the slice of a panel in half of the second-level cache.
static size_t choose_slice_taps(const gather_plan *plan) {
    const size_t tap_bytes = plan->geometry->depth * plan->kernels->tile_columns * sizeof(float);
    const size_t fitting = snn_max(1, snn_l2_cache_size() / 2 / snn_max(tap_bytes, 1));
    const size_t slices = snn_ceil_div(plan->taps, snn_min(fitting, max_slice_taps));
    return snn_ceil_div(plan->taps, snn_max(slices, 1));
}

static gather_plan make_plan(const conv_geometry *geometry, const conv_operands *operands) {
    gather_plan plan = {
        .geometry = geometry,
        .operands = operands,
        .kernels = snn_kernels(),
        .image_positions = geometry->height.positions * geometry->width.positions,
        .taps = geometry->height.taps * geometry->width.taps,
    };
    plan.work.tiles = snn_ceil_div(geometry->batch * plan.image_positions, plan.kernels->tile_rows);
    plan.group_panels = snn_ceil_div(geometry->columns, plan.kernels->tile_columns);
    plan.work.panels = geometry->groups * plan.group_panels;
    plan.slice_taps = choose_slice_taps(&plan);
    plan.work.blocks = snn_ceil_div(plan.work.tiles, choose_block_tiles(&plan));
    return plan;
}

/// A target pixel as image, row and column of the positions.
typedef struct {
    size_t image, i, j;
} gather_position;

static gather_pixel pixel_at(const gather_plan *plan, gather_position at) {
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t target_row = at.image * height->target_size + height->first_target + at.i * height->target_stride;
    const size_t target = target_row * width->target_size + width->first_target + at.j * width->target_stride;
    const ptrdiff_t row = (ptrdiff_t)at.i * height->step + height->offset;
    const ptrdiff_t column = (ptrdiff_t)at.j * width->step + width->offset;
    const ptrdiff_t source_row = (ptrdiff_t)(at.image * height->source_size) + row;
    return (gather_pixel){
        .target = plan->operands->target + target * geometry->target_channels,
        .row = row,
        .column = column,
        .source = (source_row * (ptrdiff_t)width->source_size + column) * (ptrdiff_t)geometry->source_channels,
    };
}

/// The first position of a tile, and how many there are.
static size_t first_position(const gather_plan *plan, size_t tile, gather_position *first) {
    const size_t width = plan->geometry->width.positions, start = tile * plan->kernels->tile_rows;
    const size_t position = start % plan->image_positions;
    *first = (gather_position){start / plan->image_positions, position / width, position % width};
    return snn_min(plan->kernels->tile_rows, plan->geometry->batch * plan->image_positions - start);
}

static void advance(const gather_plan *plan, gather_position *at) {
    if (++at->j < plan->geometry->width.positions) return;
    at->j = 0;
    if (++at->i < plan->geometry->height.positions) return;
    at->i = 0;
    at->image++;
}

static void locate_block(const gather_plan *plan, size_t index, gather_block *block) {
    const size_t first_tile = conv_first_tile(&plan->work, index);
    block->tiles = conv_first_tile(&plan->work, index + 1) - first_tile;
    for (size_t t = 0; t < block->tiles; t++) {
        gather_position at;
        block->rows[t] = first_position(plan, first_tile + t, &at);
        for (size_t r = 0; r < block->rows[t]; r++) {
            block->pixels[t][r] = pixel_at(plan, at);
            block->targets[t][r] = block->pixels[t][r].target;
            advance(plan, &at);
        }
    }
}

static size_t sources_of_tile(const gather_plan *plan, size_t tile) {
    return tile * plan->slice_taps * plan->kernels->tile_rows;
}

/// The pointers of one tap; false where all pixels meet padding.
static bool gather_tap(const gather_plan *plan, const gather_pixel *pixels, size_t rows, ptrdiff_t down,
    ptrdiff_t right, const float **sources) {
    const conv_geometry *geometry = plan->geometry;
    const size_t source_height = geometry->height.source_size, source_width = geometry->width.source_size;
    const ptrdiff_t offset = (down * (ptrdiff_t)source_width + right) * (ptrdiff_t)geometry->source_channels;
    bool inside = false;
    for (size_t r = 0; r < rows; r++) {
        const size_t row = (size_t)(pixels[r].row + down), column = (size_t)(pixels[r].column + right);
        if (row < source_height && column < source_width) {
            sources[r] = plan->operands->source + (pixels[r].source + offset);
            inside = true;
        } else {
            sources[r] = plan->operands->zeros;
        }
    }
    return inside;
}

/// The pointers of one tile for the taps [first_tap, end_tap).
static void gather_tile_taps(
    const gather_plan *plan, size_t first_tap, size_t end_tap, size_t tile, gather_block *block) {
    const conv_axis *height = &plan->geometry->height, *width = &plan->geometry->width;
    const size_t rows = block->rows[tile];
    const float **sources = block->sources + sources_of_tile(plan, tile);
    size_t kept = 0;
    for (size_t t = first_tap; t < end_tap; t++) {
        const size_t i = t / width->taps, j = t % width->taps;
        const ptrdiff_t down = (ptrdiff_t)i * height->tap_offset, right = (ptrdiff_t)j * width->tap_offset;
        if (!gather_tap(plan, block->pixels[tile], rows, down, right, sources + kept * rows)) continue;
        const size_t kernel_row = height->first_tap + i * height->tap_stride;
        block->tap[tile][kept] = kernel_row * plan->geometry->kernel_width + width->first_tap + j * width->tap_stride;
        kept++;
    }
    block->taps[tile] = kept;
}

/// The first channel of a panel.
static size_t panel_channel(const gather_plan *plan, size_t panel) {
    const size_t group = panel / plan->group_panels;
    return group * plan->geometry->target_group + panel % plan->group_panels * plan->kernels->tile_columns;
}

static void sum_panel(const gather_plan *plan, const gather_block *block, size_t panel, bool first_slice) {
    const conv_geometry *geometry = plan->geometry;
    const size_t width = plan->kernels->tile_columns, column = panel % plan->group_panels * width;
    snn_indirect_tile tile = {
        .columns = snn_min(width, geometry->columns - column),
        .depth = geometry->depth,
        .a_offset = panel / plan->group_panels * geometry->source_group,
        .b = plan->operands->packed + panel * geometry->kernel_taps * geometry->depth * width,
        .c_offset = panel_channel(plan, panel),
        .beta = first_slice ? 0 : 1,
    };
    if (first_slice) tile.bias = snn_epilogue_bias(plan->operands->epilogue, tile.c_offset);
    for (size_t t = 0; t < block->tiles; t++) {
        tile.rows = block->rows[t];
        tile.taps = block->taps[t];
        tile.a = block->sources + sources_of_tile(plan, t);
        tile.b_tap = block->tap[t];
        tile.c = block->targets[t];
        plan->kernels->gemm_indirect_tile(&tile);
    }
}

/// In place, while the pixels are in cache; neighbouring pixels in one call.
static void activate(const gather_plan *plan, const gather_block *block, conv_share share) {
    const snn_epilogue *epilogue = plan->operands->epilogue;
    if (!snn_epilogue_activates(epilogue)) return;
    const size_t channels = plan->geometry->target_channels, first_channel = panel_channel(plan, share.first_panel);
    const size_t end_channel = share.end_panel == plan->work.panels ? channels : panel_channel(plan, share.end_panel);
    const bool joined = first_channel == 0 && end_channel == channels;
    for (size_t t = 0; t < block->tiles; t++) {
        for (size_t r = 0, end; r < block->rows[t]; r = end) {
            float *const *pixels = block->targets[t];
            end = r + 1;
            while (joined && end < block->rows[t] && pixels[end] == pixels[r] + (end - r) * channels) end++;
            const size_t count = joined ? (end - r) * channels : end_channel - first_channel;
            float *first = pixels[r] + first_channel;
            plan->kernels->activation_forward(epilogue->activation, count, first, first);
        }
    }
}

static void run_share(const gather_plan *plan, conv_share share) {
    gather_block block;
    locate_block(plan, share.block, &block);
    size_t first_tap = 0;
    // One pass even without taps: then the target is the bias.
    do {
        const size_t end_tap = snn_min(first_tap + plan->slice_taps, plan->taps);
        for (size_t t = 0; t < block.tiles; t++) gather_tile_taps(plan, first_tap, end_tap, t, &block);
        for (size_t panel = share.first_panel; panel < share.end_panel; panel++) {
            sum_panel(plan, &block, panel, first_tap == 0);
        }
        first_tap = end_tap;
    } while (first_tap < plan->taps);
    activate(plan, &block, share);
}

void conv_gather(const conv_geometry *geometry, const conv_operands *operands) {
    const gather_plan plan = make_plan(geometry, operands);
    const size_t sums = geometry->batch * plan.image_positions * geometry->groups * geometry->columns;
    const size_t workers = (size_t)snn_threads_for_products(sums * (plan.taps * geometry->depth + 16));
    CONV_PARALLEL_SHARES(workers, worker, &plan.work, share, { run_share(&plan, share); });
}
