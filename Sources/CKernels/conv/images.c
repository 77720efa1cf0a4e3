// Direct convolution across images: the pixels of a tile are the same pixel of neighbouring images, which are equally
// far apart and meet the same padding. So no tap is summed that is padding, and no pixel needs a pointer. A block of
// pixels passes over one panel of weights after the other, so that the panel comes from the second-level cache.
#include "conv/images.h"

#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// Pixels of a block at most: enough to share a panel of weights, few enough to share out.
enum { most_block_pixels = 16 };

typedef struct {
    const conv_geometry *geometry;
    const conv_operands *operands;
    const snn_kernel_table *kernels;
    size_t pixels, block_pixels, blocks;  ///< of one image
    size_t groups;                        ///< of images, which are worked on together
    size_t slice_rows;                    ///< rows of the kernel that are summed at a time
} images_plan;

/// The share of taps that meet padding, in percent.
static size_t padding_percent(const conv_geometry *geometry) {
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t all = height->positions * height->taps * width->positions * width->taps;
    if (all == 0) return 0;
    const double inside = (double)(conv_axis_meetings(height) * conv_axis_meetings(width)) / (double)all;
    return (size_t)(100 * (1 - inside));
}

bool conv_prefers_images(const conv_geometry *geometry) {
    // Along the rows of an image the pixels share their cache lines, which pays where there is little padding.
    return geometry->batch >= snn_kernels()->tile_rows && padding_percent(geometry) >= 5;
}

/// Groups of images: so many that source and target of one stay in half of the second-level cache, but not so many that
/// it has less than a tile.
static size_t choose_groups(const images_plan *plan) {
    const conv_geometry *geometry = plan->geometry;
    const size_t source = geometry->height.source_size * geometry->width.source_size * geometry->source_channels;
    const size_t image_bytes = (source + plan->pixels * geometry->target_channels) * sizeof(float);
    const size_t images = snn_l2_cache_size() / 2 / snn_max(image_bytes, 1);
    return snn_ceil_div(geometry->batch, snn_max(images, plan->kernels->tile_rows));
}

/// Rows of the kernel for a slice: as many as keep the slice of a panel in half of the second-level cache.
static size_t choose_slice_rows(const images_plan *plan) {
    const conv_geometry *geometry = plan->geometry;
    const size_t row_bytes = geometry->width.taps * geometry->depth * plan->kernels->tile_columns * sizeof(float);
    return snn_max(1, snn_l2_cache_size() / 2 / snn_max(row_bytes, 1));
}

static images_plan make_plan(const conv_geometry *geometry, const conv_operands *operands) {
    images_plan plan = {
        .geometry = geometry,
        .operands = operands,
        .kernels = snn_kernels(),
        .pixels = geometry->height.positions * geometry->width.positions,
    };
    plan.groups = choose_groups(&plan);
    plan.slice_rows = choose_slice_rows(&plan);
    plan.block_pixels = snn_max(1, snn_min(plan.pixels * plan.groups / 16, most_block_pixels));
    plan.blocks = snn_ceil_div(plan.pixels, plan.block_pixels);
    return plan;
}

/// A block of pixels of a group of images.
typedef struct {
    size_t first_image, images, first_pixel, end_pixel;
} images_block;

static images_block block_at(const images_plan *plan, size_t index) {
    const size_t group = index / plan->blocks, batch = plan->geometry->batch;
    const size_t first_image = group * batch / plan->groups;
    const size_t first_pixel = index % plan->blocks * plan->block_pixels;
    return (images_block){
        .first_image = first_image,
        .images = (group + 1) * batch / plan->groups - first_image,
        .first_pixel = first_pixel,
        .end_pixel = snn_min(first_pixel + plan->block_pixels, plan->pixels),
    };
}

static float *target_of(const images_plan *plan, size_t image, size_t pixel) {
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t i = pixel / width->positions, j = pixel % width->positions;
    const size_t row = image * height->target_size + height->first_target + i * height->target_stride;
    const size_t column = width->first_target + j * width->target_stride;
    return plan->operands->target + (row * width->target_size + column) * geometry->target_channels;
}

/// The taps in the rows [first_row, end_row) of the kernel that lie inside the source, for one pixel; all but the
/// panel.
static snn_grid_tile tile_of(
    const images_plan *plan, const images_block *block, size_t pixel, size_t first_row, size_t end_row) {
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t i = pixel / width->positions, j = pixel % width->positions;
    const size_t source_row = width->source_size * geometry->source_channels;
    const size_t tap_floats = geometry->depth * plan->kernels->tile_columns;
    snn_grid_tile tile = {
        .rows = block->images,
        .depth = geometry->depth,
        .a = plan->operands->source + block->first_image * height->source_size * source_row,
        .a_row = height->source_size * source_row,
        .a_down = height->tap_offset * (ptrdiff_t)source_row,
        .a_right = width->tap_offset * (ptrdiff_t)geometry->source_channels,
        .b = plan->operands->packed,
        .b_down = height->tap_stride * geometry->kernel_width * tap_floats,
        .b_right = width->tap_stride * tap_floats,
        .c = target_of(plan, block->first_image, pixel),
        .c_row = height->target_size * width->target_size * geometry->target_channels,
    };
    size_t top, bottom, left, right;
    conv_axis_taps(height, i, &top, &bottom);
    conv_axis_taps(width, j, &left, &right);
    top = snn_max(top, first_row);
    bottom = snn_min(bottom, end_row);
    // Where the kernel meets no pixel at all, nothing is read.
    if (top >= bottom || left >= right) return tile;
    tile.tap_rows = bottom - top;
    tile.tap_columns = right - left;
    const size_t row = (size_t)conv_axis_source(height, i, top), column = (size_t)conv_axis_source(width, j, left);
    tile.a += row * source_row + column * geometry->source_channels;
    tile.b += ((height->first_tap + top * height->tap_stride) * geometry->kernel_width + width->first_tap +
                  left * width->tap_stride) *
              tap_floats;
    return tile;
}

/// Narrows the tile to one panel of one group of channels, and sums it.
static void sum_panel(const images_plan *plan, snn_grid_tile tile, size_t group, size_t panel, bool first_slice) {
    const conv_geometry *geometry = plan->geometry;
    const size_t width = plan->kernels->tile_columns, column = panel * width;
    const size_t panels = snn_ceil_div(geometry->columns, width);
    const size_t target_channel = group * geometry->target_group + column;
    const snn_epilogue *epilogue = plan->operands->epilogue;
    if (!first_slice && tile.tap_rows == 0) return;
    tile.columns = snn_min(width, geometry->columns - column);
    tile.a += group * geometry->source_group;
    tile.b += (group * panels + panel) * geometry->kernel_taps * geometry->depth * width;
    tile.c += target_channel;
    tile.beta = first_slice ? 0 : 1;
    if (first_slice) tile.bias = snn_epilogue_bias(epilogue, target_channel);
    plan->kernels->gemm_grid_tile(&tile);
}

static void sum_slice(const images_plan *plan, const images_block *block, size_t first_row) {
    const conv_geometry *geometry = plan->geometry;
    const size_t panels = snn_ceil_div(geometry->columns, plan->kernels->tile_columns);
    snn_grid_tile tiles[most_block_pixels];
    for (size_t pixel = block->first_pixel; pixel < block->end_pixel; pixel++) {
        tiles[pixel - block->first_pixel] = tile_of(plan, block, pixel, first_row, first_row + plan->slice_rows);
    }
    for (size_t group = 0; group < geometry->groups; group++) {
        for (size_t panel = 0; panel < panels; panel++) {
            for (size_t p = 0; p < block->end_pixel - block->first_pixel; p++) {
                sum_panel(plan, tiles[p], group, panel, first_row == 0);
            }
        }
    }
}

/// In place, while the pixels are in cache; those of a block lie behind one another in the target of a forward pass,
/// the only one with an activation.
static void activate(const images_plan *plan, const images_block *block) {
    const snn_epilogue *epilogue = plan->operands->epilogue;
    if (!snn_epilogue_activates(epilogue)) return;
    const size_t count = (block->end_pixel - block->first_pixel) * plan->geometry->target_channels;
    for (size_t image = 0; image < block->images; image++) {
        float *first = target_of(plan, block->first_image + image, block->first_pixel);
        plan->kernels->activation_forward(epilogue->activation, count, first, first);
    }
}

static void sum_block(const images_plan *plan, size_t index) {
    const images_block block = block_at(plan, index);
    size_t first_row = 0;
    // One pass even without taps: then the target is the bias.
    do {
        sum_slice(plan, &block, first_row);
        first_row += plan->slice_rows;
    } while (first_row < plan->geometry->height.taps);
    activate(plan, &block);
}

void conv_images(const conv_geometry *geometry, const conv_operands *operands) {
    const images_plan plan = make_plan(geometry, operands);
    const size_t sums = geometry->batch * plan.pixels * geometry->groups * geometry->columns;
    const size_t taps = geometry->height.taps * geometry->width.taps;
    SNN_PARALLEL_FOR(snn_threads_for_products(sums * (taps * geometry->depth + 16)), block, plan.groups * plan.blocks,
        { sum_block(&plan, block); });
}
