// Which convolutions are computed by Winograd's filtering, and where the pixels of their tiles are.
#include "conv/geometry.h"
#include "conv/winograd.h"
#include "runtime/parallel.h"

enum {
    /// Numbers that a transform moves and computes for each of a tile's channels, in multiply-adds.
    transform_cost = 200,
    /// Multiply-adds in the time in which one weight comes from memory, which only many tiles or pixels make up for.
    weight_cost = 2,
    /// Fewer tiles than that take as long: their sums would wait for one another.
    least_rows = 4,
};

static winograd_grid with_tiles(winograd_grid grid) {
    grid.tile_lines = snn_ceil_div(grid.target_height, winograd_side);
    grid.tile_columns = snn_ceil_div(grid.target_width, winograd_side);
    return grid;
}

winograd_grid winograd_forward_grid(const snn_conv_shape *shape) {
    return with_tiles((winograd_grid){
        .batch = shape->batch,
        .source_height = shape->in_height,
        .source_width = shape->in_width,
        .source_channels = shape->in_channels,
        .target_height = snn_conv_out_height(shape),
        .target_width = snn_conv_out_width(shape),
        .target_channels = shape->out_channels,
        .pad_top = (ptrdiff_t)shape->pad_top,
        .pad_left = (ptrdiff_t)shape->pad_left,
    });
}

/// dx is dy filtered by the weights turned by half a circle.
winograd_grid winograd_backward_grid(const snn_conv_shape *shape) {
    return with_tiles((winograd_grid){
        .batch = shape->batch,
        .source_height = snn_conv_out_height(shape),
        .source_width = snn_conv_out_width(shape),
        .source_channels = shape->out_channels,
        .target_height = shape->in_height,
        .target_width = shape->in_width,
        .target_channels = shape->in_channels,
        .pad_top = 2 - (ptrdiff_t)shape->pad_top,
        .pad_left = 2 - (ptrdiff_t)shape->pad_left,
    });
}

/// Multiply-adds by direct sums, which leave out most of the padding.
static double direct_cost(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    const double met = (double)(conv_axis_meetings(&geometry.height) * conv_axis_meetings(&geometry.width));
    return met * (double)shape->in_channels * (double)shape->out_channels;
}

bool conv_suits_winograd(const snn_conv_shape *shape) {
    const bool fits = shape->kernel_height == 3 && shape->kernel_width == 3 && shape->stride_height == 1 &&
                      shape->stride_width == 1 && shape->dilation_height == 1 && shape->dilation_width == 1 &&
                      shape->groups == 1 && !conv_is_folded(shape);
    if (!fits) return false;
    const winograd_grid grid = winograd_forward_grid(shape);
    const double channels = (double)(shape->in_channels + shape->out_channels);
    const double products = (double)(shape->in_channels * shape->out_channels);
    const size_t tiles = shape->batch * grid.tile_lines * grid.tile_columns;
    const double cost = (double)(snn_max(tiles, least_rows) + weight_cost) * winograd_planes * products +
                        (double)(tiles * transform_cost) * channels;
    return (double)shape->batch * direct_cost(shape) + weight_cost * 9 * products > 1.25 * cost;
}

typedef struct {
    size_t image;
    ptrdiff_t line, column;  ///< of the first target pixel
} tile_place;

static tile_place place_of(const winograd_grid *grid, size_t tile) {
    const size_t image_tiles = grid->tile_lines * grid->tile_columns, in_image = tile % image_tiles;
    return (tile_place){
        .image = tile / image_tiles,
        .line = (ptrdiff_t)(in_image / grid->tile_columns * winograd_side),
        .column = (ptrdiff_t)(in_image % grid->tile_columns * winograd_side),
    };
}

/// A square of pixels of images [batch, height, width, channels].
static void square_offsets(size_t image, size_t height, size_t width, size_t channels, ptrdiff_t line, ptrdiff_t column,
    size_t side, size_t *offsets) {
    for (size_t y = 0; y < side; y++) {
        const ptrdiff_t row = line + (ptrdiff_t)y;
        const bool row_inside = row >= 0 && row < (ptrdiff_t)height;
        for (size_t x = 0; x < side; x++) {
            const ptrdiff_t at = column + (ptrdiff_t)x;
            const bool inside = row_inside && at >= 0 && at < (ptrdiff_t)width;
            const size_t pixel = (image * height + (size_t)row) * width + (size_t)at;
            offsets[y * side + x] = inside ? pixel * channels : winograd_outside;
        }
    }
}

void winograd_source_offsets(const winograd_grid *grid, size_t tile, size_t *offsets) {
    const tile_place place = place_of(grid, tile);
    square_offsets(place.image, grid->source_height, grid->source_width, grid->source_channels,
        place.line - grid->pad_top, place.column - grid->pad_left, winograd_reach, offsets);
}

void winograd_target_offsets(const winograd_grid *grid, size_t tile, size_t *offsets) {
    const tile_place place = place_of(grid, tile);
    square_offsets(place.image, grid->target_height, grid->target_width, grid->target_channels, place.line,
        place.column, winograd_side, offsets);
}
