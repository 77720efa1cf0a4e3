// Convolutions of 3 x 3 weights by Winograd's minimal filtering: 36 products where direct sums take 144, or with stride
// 2, 81. Tiles that are cut off by the edge of an image have fewer. In bfloat16 tiles may be large, with 100 products
// where direct sums take 576. Few pixels have small tiles, of 16 products where direct sums take 36, for the
// transformed weights, which are as many as the products of a tile, are read for few.
//
// With stride 2 the source is four images, its phases: the pixels of even and of odd lines and columns. Each is
// filtered by the weights that meet it, two or one a side, and the results add up before they are transformed. For the
// data gradient the target is four images, each of them dy filtered by those weights. A side with one tap has no
// product at the last point: so every plane has the phases of a range, in the order of winograd_phase_at.
#ifndef SNN_CONV_WINOGRAD_H
#define SNN_CONV_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conv/packing.h"
#include "conv/winograd_transforms.h"
#include "swiftnn/conv.h"

enum {
    winograd_most_results = winograd_most_side * winograd_most_side,
    winograd_most_planes = winograd_most_points * winograd_most_points,
};

/// Images [batch, height, width, channels] in some format, of one phase or of two a side. Pixel (y, x) of tile (i, j)
/// is in line top + step * (side * i + y) and column left + step * (side * j + x) of the first phase, where the step is
/// the number of phases a side, and `second` further in the second one.
typedef struct {
    snn_number_format format;
    size_t height, width, channels;
    size_t step;
    ptrdiff_t top, left, second;
} winograd_images;

/// Some tiles of every image: a rectangle of them. Those of all images come kind by kind: the ones cut down only, the
/// uncut, those cut to the right only and those cut both ways. So the tiles that have products in a plane are a range.
typedef struct {
    size_t first_line, lines, first_column, columns;
    snn_winograd_results results;
    size_t before;  ///< tiles of earlier kinds
} winograd_tile_kind;

enum { winograd_kinds = 4 };

/// The sum that a pass over pixels is.
typedef struct {
    size_t batch;
    size_t taps;  ///< a side, of one phase
    winograd_images source, target;
    size_t side;                      ///< target pixels of a tile a side
    size_t tile_lines, tile_columns;  ///< of an image
    winograd_tile_kind kinds[winograd_kinds];
    const snn_winograd_transforms *transforms;  ///< of the calling thread, for others may have another tier
} winograd_grid;

winograd_grid winograd_forward_grid(const snn_conv_shape *shape);
winograd_grid winograd_backward_grid(const snn_conv_shape *shape);

/// The forward grid by which weight gradients are summed, of tiles that are not small.
winograd_grid winograd_weights_grid(const snn_conv_shape *shape);

static inline size_t winograd_tiles(const winograd_grid *grid) {
    return grid->batch * grid->tile_lines * grid->tile_columns;
}

/// Transformed numbers a side, and of a tile.
static inline size_t winograd_points(const winograd_grid *grid) { return grid->side + grid->taps - 1; }
static inline size_t winograd_planes(const winograd_grid *grid) {
    return winograd_points(grid) * winograd_points(grid);
}

static inline size_t winograd_phases(const winograd_images *images) { return images->step * images->step; }

/// Numbers of a plane a tile: the channels of all phases.
static inline size_t winograd_numbers(const winograd_images *images) {
    return winograd_phases(images) * images->channels;
}

/// Which a phase is: the second one downwards, or to the right.
typedef struct {
    bool down, right;
} winograd_phase;

static inline winograd_phase winograd_phase_at(const winograd_images *images, size_t index) {
    if (images->step == 1) return (winograd_phase){false, false};
    return (winograd_phase){index >= 2, index % 3 == 0};
}

/// Phases [first, end).
typedef struct {
    size_t first, end;
} winograd_range;

/// The phases that have products in a plane.
static inline winograd_range winograd_range_of(const winograd_grid *grid, const winograd_images *images, size_t plane) {
    if (images->step == 1) return (winograd_range){0, 1};
    const size_t last = winograd_points(grid) - 1;
    const bool down = plane / (last + 1) == last, right = plane % (last + 1) == last;
    return (winograd_range){right ? 1 : 0, down ? 2 : right ? 3 : 4};
}

/// Where a tile is.
typedef struct {
    size_t image, line, column;
    snn_winograd_results results;
} winograd_place;

winograd_place winograd_place_of(const winograd_grid *grid, size_t tile);

/// The tiles that have products in a plane.
winograd_range winograd_tiles_in(const winograd_grid *grid, size_t plane);

/// Those of some tiles that are in a block, counted from its first one.
static inline winograd_range winograd_common(winograd_range tiles, winograd_range block) {
    const size_t first = tiles.first > block.first ? tiles.first : block.first;
    const size_t end = tiles.end < block.end ? tiles.end : block.end;
    return first < end ? (winograd_range){first - block.first, end - block.first} : (winograd_range){0, 0};
}

/// At which points a phase has products: a second one has one tap.
static inline snn_winograd_infinity winograd_infinity_of(const winograd_images *images, size_t phase) {
    const winograd_phase place = winograd_phase_at(images, phase);
    return (snn_winograd_infinity){!place.down, !place.right};
}

/// The source pixels under a tile, winograd_points a side, and its target pixels, in a tensor of the images or from one
/// of their channels on; `outside` beyond the edges.
void winograd_source_pixels(const winograd_grid *grid, winograd_place place, size_t phase, const void *from,
    const void *outside, const void **pixels);
void winograd_target_pixels(const winograd_grid *grid, winograd_place place, size_t phase, const void *from,
    const void *outside, const void **pixels);

/// Transforms the source under the tiles [first, end), at least one, all phases, to `out` in the first plane,
/// `row` floats from tile to tile.
void winograd_transform_source(const winograd_grid *grid, size_t first, size_t end, snn_winograd_lines lines,
    const void *source, const float *zeros, float *out, size_t row, size_t plane);

/// Where weight (y, x) of a phase stands among the 3 x 3, turned by half a circle for the data gradient; false where
/// the phase has none there.
bool winograd_tap(winograd_phase phase, size_t step, bool flipped, size_t y, size_t x, size_t *tap);

/// Floats between planes of `size` floats: a little more, so that the planes' equal parts, which are used together, do
/// not compete for the same lines of the cache.
static inline size_t winograd_plane_stride(size_t size) { return (size + 127) / 64 * 64 + 16; }

/// Floats between the numbers of neighbouring tiles in a plane: a line of the cache more where the rows of a register
/// tile would compete for the same two places of the first-level cache, which halves of pages do.
static inline size_t winograd_row_stride(size_t numbers) {
    enum { half_page = 512, line = 16 };
    return numbers + (numbers % half_page == 0 ? line : 0);
}

/// Panels of the columns of all phases of the target.
static inline size_t winograd_panels(const winograd_grid *grid, size_t panel_columns) {
    return winograd_phases(&grid->target) * ((grid->target.channels + panel_columns - 1) / panel_columns);
}

/// Floats between the planes of packed weights.
static inline size_t winograd_weights_plane(const winograd_grid *grid, size_t panel_columns) {
    return winograd_plane_stride(
        winograd_panels(grid, panel_columns) * winograd_numbers(&grid->source) * panel_columns);
}

/// Weights: [plane][target phase][panel][source phase][depth][column in the panel].
size_t winograd_packed_size(const winograd_grid *grid, const conv_packing *packing);
void winograd_pack(
    const winograd_grid *grid, const conv_packing *packing, bool flipped, const float *weights, float *packed);

/// One pass over the pixels: forward, or the data gradient.
size_t winograd_pass_workspace_size(const winograd_grid *grid);
void winograd_pass(const winograd_grid *grid, const void *source, const float *packed, const snn_epilogue *epilogue,
    void *target, void *workspace);

size_t winograd_weights_workspace_size(const winograd_grid *grid);
void winograd_backward_weights(
    const winograd_grid *grid, const void *x, const void *dy, bool accumulate, float *dweights, void *workspace);

#endif
