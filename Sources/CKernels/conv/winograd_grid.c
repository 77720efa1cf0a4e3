// Which convolutions are computed by Winograd's filtering, and where the pixels of their tiles are.
#include <math.h>

#include "conv/geometry.h"
#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

enum {
    /// What a transform takes for each of a tile's numbers in the planes, in multiply-adds.
    transform_cost = 6,
    /// Multiply-adds in the time in which one weight comes from memory: fewer products by it take as long.
    weight_cost = 16,
    /// Multiply-adds in the time in which a weight is packed, in every step of a training.
    packing_cost = 10,
    /// Multiply-adds in the time in which one sum of a weight gradient goes to memory and comes back.
    sum_cost = 40,
};

/// What must be saved at least: products of tiles are some slower than direct sums of many taps.
static const double least_gain = 1.25;

static bool is_strided(const snn_conv_shape *shape) { return shape->stride_height == 2; }

/// Results of the last tile in a row of them: those that there are positions for, where leaving out the others is worth
/// a kind of its own. Where there are many tiles it saves little, and the pixels that the last ones share with the
/// others are read from memory twice.
static size_t last_results(const winograd_grid *grid, size_t positions) {
    enum { least_saved = 25 };
    const size_t left = positions % grid->side;
    if (left == 0 || grid->taps < 3) return grid->side;
    const size_t points = snn_ceil_div(positions, grid->side) * winograd_points(grid);
    return (grid->side - left) * least_saved >= points ? left : grid->side;
}

/// The tiles of a grid by kinds, in their order; the last ones have so many results.
static void list_kinds(winograd_grid *grid, snn_winograd_results last) {
    const size_t side = grid->side, cut_lines = last.down < side, cut_columns = last.right < side;
    const size_t lines = grid->tile_lines - cut_lines, columns = grid->tile_columns - cut_columns;
    winograd_tile_kind *kinds = grid->kinds;
    kinds[0] = (winograd_tile_kind){lines, cut_lines, 0, columns, {last.down, side}, 0};
    kinds[1] = (winograd_tile_kind){0, lines, 0, columns, {side, side}, 0};
    kinds[2] = (winograd_tile_kind){0, lines, columns, cut_columns, {side, last.right}, 0};
    kinds[3] = (winograd_tile_kind){lines, cut_lines, columns, cut_columns, last, 0};
    for (size_t i = 1; i < winograd_kinds; i++) {
        kinds[i].before = kinds[i - 1].before + grid->batch * kinds[i - 1].lines * kinds[i - 1].columns;
    }
}

/// Positions of the target a side, for tiles; at most one of its images' phases needs them all.
static winograd_grid make_grid(const snn_conv_shape *shape, const snn_winograd_transforms *transforms,
    winograd_images source, winograd_images target, size_t height, size_t width) {
    winograd_grid grid = {
        .batch = shape->batch,
        .taps = is_strided(shape) ? 2 : 3,
        .source = source,
        .target = target,
        .side = transforms->side,
        .tile_lines = snn_ceil_div(height, transforms->side),
        .tile_columns = snn_ceil_div(width, transforms->side),
        .transforms = transforms,
    };
    list_kinds(&grid, (snn_winograd_results){last_results(&grid, height), last_results(&grid, width)});
    return grid;
}

static winograd_images input_images(const snn_conv_shape *shape, ptrdiff_t top, ptrdiff_t left, ptrdiff_t second) {
    return (winograd_images){
        .format = snn_conv_input_format(shape),
        .height = shape->in_height,
        .width = shape->in_width,
        .channels = shape->in_channels,
        .step = is_strided(shape) ? 2 : 1,
        .top = top,
        .left = left,
        .second = second,
    };
}

static winograd_images output_images(const snn_conv_shape *shape, ptrdiff_t top, ptrdiff_t left) {
    return (winograd_images){
        .format = snn_conv_output_format(shape),
        .height = snn_conv_out_height(shape),
        .width = snn_conv_out_width(shape),
        .channels = shape->out_channels,
        .step = 1,
        .top = top,
        .left = left,
    };
}

static winograd_grid forward_grid(const snn_conv_shape *shape, const snn_winograd_transforms *transforms) {
    const winograd_images source = input_images(shape, -(ptrdiff_t)shape->pad_top, -(ptrdiff_t)shape->pad_left, 1);
    const winograd_images target = output_images(shape, 0, 0);
    return make_grid(shape, transforms, source, target, target.height, target.width);
}

/// Of the input's lines or columns, as the target of a data gradient.
typedef struct {
    ptrdiff_t first;   ///< the first one of the first phase
    ptrdiff_t source;  ///< of dy, under the first tile
    size_t positions;  ///< of the phase that has the most
} backward_axis;

/// Pixels i of the first phase are summed from dy at i - 1 and i, counted with the padding, those of the second from dy
/// at i: a tile has the second phase's pixels from i - 1 on, so that it is the first tap that both have.
static backward_axis make_backward_axis(bool strided, size_t size, size_t padding) {
    if (!strided) return (backward_axis){0, (ptrdiff_t)padding - 2, size};
    const size_t first = padding % 2;
    return (backward_axis){
        .first = (ptrdiff_t)first,
        .source = (ptrdiff_t)snn_ceil_div(padding, 2) - 1,
        .positions = snn_ceil_div(size + 1 - snn_min(first, size + 1), 2),
    };
}

/// dx is dy filtered by the weights turned by half a circle.
static winograd_grid backward_grid(const snn_conv_shape *shape, const snn_winograd_transforms *transforms) {
    const bool strided = is_strided(shape);
    const backward_axis height = make_backward_axis(strided, shape->in_height, shape->pad_top);
    const backward_axis width = make_backward_axis(strided, shape->in_width, shape->pad_left);
    return make_grid(shape, transforms, output_images(shape, height.source, width.source),
        input_images(shape, height.first, width.first, -1), height.positions, width.positions);
}

static double weights_of(const snn_conv_shape *shape) {
    return (double)shape->in_channels * (double)shape->out_channels;
}

/// Multiply-adds by direct sums, which leave out most of the padding.
static double direct_products(const snn_conv_shape *shape) {
    return (double)shape->batch * (double)conv_meetings(shape) * weights_of(shape);
}

/// A single image is inferred, with weights that are packed once.
static size_t packing_of(const snn_conv_shape *shape) { return shape->batch > 1 ? packing_cost : 0; }

static double direct_cost(const snn_conv_shape *shape) {
    const double weights = 9 * weights_of(shape);
    return fmax(direct_products(shape) + (double)packing_of(shape) * weights, weight_cost * weights);
}

/// Numbers in the planes that a channel has, over all phases; a plane with any has some `more`, and counts as `least`.
static double plane_numbers(const winograd_grid *grid, const winograd_images *images, size_t least, size_t more) {
    size_t numbers = 0;
    for (size_t plane = 0; plane < winograd_planes(grid); plane++) {
        const winograd_range phases = winograd_range_of(grid, images, plane), tiles = winograd_tiles_in(grid, plane);
        if (tiles.first == tiles.end) continue;
        numbers += (phases.end - phases.first) * snn_max(tiles.end - tiles.first + more, least);
    }
    return (double)numbers;
}

static double transforms_cost(const snn_conv_shape *shape, const winograd_grid *grid) {
    return transform_cost * (plane_numbers(grid, &grid->source, 0, 0) * (double)shape->in_channels +
                                plane_numbers(grid, &grid->target, 0, 0) * (double)shape->out_channels);
}

static double pass_cost(const snn_conv_shape *shape, const winograd_grid *grid) {
    const double products = plane_numbers(grid, &grid->source, weight_cost, packing_of(shape));
    return products * weights_of(shape) + transforms_cost(shape, grid);
}

/// Of a weight gradient, without the transforms; `sum` is what a sum takes.
static double sums_cost(const snn_conv_shape *shape, const winograd_grid *grid, size_t sum) {
    return plane_numbers(grid, &grid->source, 0, sum) * weights_of(shape);
}

/// Beside one another sums count twice: those of large tiles may be more than the third-level cache holds.
static double gradient_cost(const snn_conv_shape *shape, const winograd_grid *grid) {
    return sums_cost(shape, grid, 2 * sum_cost) + transforms_cost(shape, grid);
}

typedef double grid_cost(const snn_conv_shape *shape, const winograd_grid *grid);

/// The fastest of some transforms; at least one is there.
static const snn_winograd_transforms *fastest(
    const snn_conv_shape *shape, const snn_winograd_transforms *const *candidates, size_t count, grid_cost *cost) {
    const snn_winograd_transforms *best = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i] == NULL) continue;
        const winograd_grid grid = forward_grid(shape, candidates[i]);
        const double takes = cost(shape, &grid);
        if (takes < least) {
            least = takes;
            best = candidates[i];
        }
    }
    return best;
}

/// The transforms of large tiles, or NULL: they lose five bits, which do not count where numbers are rounded to
/// bfloat16.
static const snn_winograd_transforms *large_transforms(const snn_conv_shape *shape) {
    return shape->bfloat16 ? snn_kernels()->winograd_large_by_three : NULL;
}

static const snn_winograd_transforms *choose_transforms(const snn_conv_shape *shape) {
    const snn_kernel_table *kernels = snn_kernels();
    if (is_strided(shape)) return kernels->winograd_by_two;
    const snn_winograd_transforms *candidates[] = {
        kernels->winograd_by_three, large_transforms(shape), kernels->winograd_small_by_three};
    return fastest(shape, candidates, 3, pass_cost);
}

/// Of tiles that are not small.
static const snn_winograd_transforms *choose_weights_transforms(const snn_conv_shape *shape) {
    if (is_strided(shape)) return snn_kernels()->winograd_by_two;
    const snn_winograd_transforms *candidates[] = {snn_kernels()->winograd_by_three, large_transforms(shape)};
    return fastest(shape, candidates, 2, gradient_cost);
}

winograd_grid winograd_forward_grid(const snn_conv_shape *shape) {
    return forward_grid(shape, choose_transforms(shape));
}

winograd_grid winograd_backward_grid(const snn_conv_shape *shape) {
    return backward_grid(shape, choose_transforms(shape));
}

winograd_grid winograd_weights_grid(const snn_conv_shape *shape) {
    return forward_grid(shape, choose_weights_transforms(shape));
}

bool conv_suits_winograd(const snn_conv_shape *shape, double rate) {
    const bool fits = shape->kernel_height == 3 && shape->kernel_width == 3 &&
                      shape->stride_height == shape->stride_width && shape->stride_height <= 2 &&
                      shape->dilation_height == 1 && shape->dilation_width == 1 && shape->groups == 1 &&
                      !conv_is_folded(shape);
    if (!fits) return false;
    const winograd_grid grid = winograd_forward_grid(shape);
    return winograd_tiles(&grid) > 0 && direct_cost(shape) > rate * least_gain * pass_cost(shape, &grid);
}

bool conv_weights_suit_winograd(const snn_conv_shape *shape, double rate) {
    if (!conv_suits_winograd(shape, rate)) return false;
    const winograd_grid grid = winograd_weights_grid(shape);
    return direct_products(shape) > rate * least_gain * sums_cost(shape, &grid, sum_cost);
}

winograd_place winograd_place_of(const winograd_grid *grid, size_t tile) {
    const winograd_tile_kind *kind = grid->kinds;
    while (kind < grid->kinds + winograd_kinds - 1 && tile >= kind[1].before) kind++;
    const size_t among = tile - kind->before, line = among / kind->columns;
    return (winograd_place){
        .image = line / kind->lines,
        .line = kind->first_line + line % kind->lines,
        .column = kind->first_column + among % kind->columns,
        .results = kind->results,
    };
}

winograd_range winograd_tiles_in(const winograd_grid *grid, size_t plane) {
    const size_t points = winograd_points(grid);
    const snn_winograd_results last = grid->kinds[winograd_kinds - 1].results;
    const bool down = !winograd_has_point(points, winograd_finite(points, grid->taps, last.down), plane / points);
    const bool right = !winograd_has_point(points, winograd_finite(points, grid->taps, last.right), plane % points);
    winograd_range tiles = {0, winograd_tiles(grid)};
    // The kinds that are cut down are the first and the last, those that are cut to the right the last two.
    if (down) tiles = (winograd_range){grid->kinds[1].before, grid->kinds[3].before};
    if (right) tiles.end = grid->kinds[2].before;
    return tiles;
}

/// The part of an axis that a tile's pixels have.
typedef struct {
    ptrdiff_t first, step;
    size_t size;  ///< of the image
} square_axis;

static bool is_inside(const square_axis *axis, size_t index) {
    const ptrdiff_t position = axis->first + (ptrdiff_t)index * axis->step;
    return position >= 0 && position < (ptrdiff_t)axis->size;
}

/// The `side` x `side` pixels of a tile; the tiles' own corners are `tile_side` apart.
static void square_pixels(const winograd_images *images, size_t tile_side, winograd_place at, size_t phase, size_t side,
    const char *from, const void *outside, const void **pixels) {
    const winograd_phase place = winograd_phase_at(images, phase);
    const ptrdiff_t step = (ptrdiff_t)images->step, tile_step = (ptrdiff_t)tile_side * step;
    const square_axis down = {
        images->top + (ptrdiff_t)at.line * tile_step + (place.down ? images->second : 0), step, images->height};
    const square_axis right = {
        images->left + (ptrdiff_t)at.column * tile_step + (place.right ? images->second : 0), step, images->width};
    const ptrdiff_t pixel = (ptrdiff_t)(images->channels * snn_number_size(images->format));
    const ptrdiff_t line = (ptrdiff_t)images->width * pixel;
    const ptrdiff_t corner = ((ptrdiff_t)(at.image * images->height) + down.first) * line + right.first * pixel;
    const bool whole =
        is_inside(&down, 0) && is_inside(&down, side - 1) && is_inside(&right, 0) && is_inside(&right, side - 1);
    for (size_t y = 0; y < side; y++) {
        const ptrdiff_t start = corner + (ptrdiff_t)y * step * line;
        const void **row = pixels + y * side;
        if (whole) {
            for (size_t x = 0; x < side; x++) row[x] = from + (start + (ptrdiff_t)x * step * pixel);
        } else {
            const bool line_inside = is_inside(&down, y);
            for (size_t x = 0; x < side; x++) {
                row[x] = line_inside && is_inside(&right, x) ? from + (start + (ptrdiff_t)x * step * pixel) : outside;
            }
        }
    }
}

void winograd_source_pixels(const winograd_grid *grid, winograd_place place, size_t phase, const void *from,
    const void *outside, const void **pixels) {
    square_pixels(&grid->source, grid->side, place, phase, winograd_points(grid), from, outside, pixels);
}

void winograd_target_pixels(const winograd_grid *grid, winograd_place place, size_t phase, const void *from,
    const void *outside, const void **pixels) {
    square_pixels(&grid->target, grid->side, place, phase, grid->side, from, outside, pixels);
}

/// The pixels under a tile in one phase.
typedef struct {
    const void *pixels[winograd_most_planes];
    snn_winograd_results results;
} source_square;

/// Of a tile and a phase that are counted together.
static void read_source(
    const winograd_grid *grid, size_t index, const void *source, const float *zeros, source_square *square) {
    const size_t phases = winograd_phases(&grid->source);
    const winograd_place place = winograd_place_of(grid, index / phases);
    winograd_source_pixels(grid, place, index % phases, source, zeros, square->pixels);
    square->results = place.results;
}

void winograd_transform_source(const winograd_grid *grid, size_t first, size_t end, snn_winograd_lines lines,
    const void *source, const float *zeros, float *out, size_t row, size_t plane) {
    const winograd_images *images = &grid->source;
    const size_t phases = winograd_phases(images), count = (end - first) * phases;
    source_square squares[2];
    read_source(grid, first * phases, source, zeros, &squares[0]);
    for (size_t i = 0; i < count; i++) {
        const size_t phase = i % phases, next = snn_min(i + 1, count - 1);
        if (next > i) read_source(grid, first * phases + next, source, zeros, &squares[next % 2]);
        grid->transforms->spread_data(images->channels, images->format, squares[i % 2].pixels, squares[next % 2].pixels,
            lines, winograd_infinity_of(images, phase), squares[i % 2].results,
            out + i / phases * row + phase * images->channels, plane);
    }
}

bool winograd_tap(winograd_phase phase, size_t step, bool flipped, size_t y, size_t x, size_t *tap) {
    const size_t line = (phase.down ? 1 : 0) + step * y, column = (phase.right ? 1 : 0) + step * x;
    if (line > 2 || column > 2) return false;
    *tap = flipped ? (2 - line) * 3 + 2 - column : line * 3 + column;
    return true;
}
