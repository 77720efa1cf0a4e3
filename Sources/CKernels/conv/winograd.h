// Convolutions of 3 x 3 weights by Winograd's minimal filtering: 36 products where direct sums take 144.
#ifndef SNN_CONV_WINOGRAD_H
#define SNN_CONV_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conv/packing.h"
#include "swiftnn/conv.h"

/// The transformed pixels of a tile, and how many results a tile has a side.
enum { winograd_planes = 36, winograd_side = 4, winograd_reach = 6 };

/// The sum that a pass over pixels is: target pixel (i, j) is summed over the source pixels (i - pad_top + 0...2,
/// j - pad_left + 0...2), black outside.
typedef struct {
    size_t batch;
    size_t source_height, source_width, source_channels;
    size_t target_height, target_width, target_channels;
    ptrdiff_t pad_top, pad_left;
    size_t tile_lines, tile_columns;  ///< of an image: squares of winograd_side target pixels
} winograd_grid;

winograd_grid winograd_forward_grid(const snn_conv_shape *shape);
winograd_grid winograd_backward_grid(const snn_conv_shape *shape);

static inline size_t winograd_tiles(const winograd_grid *grid) {
    return grid->batch * grid->tile_lines * grid->tile_columns;
}

/// The offset of a pixel beyond the edges of the image.
static const size_t winograd_outside = SIZE_MAX;

/// Where the source pixels under a tile are, winograd_reach a side, and its target pixels, winograd_side a side.
void winograd_source_offsets(const winograd_grid *grid, size_t tile, size_t *offsets);
void winograd_target_offsets(const winograd_grid *grid, size_t tile, size_t *offsets);

/// The pixels to read; `zeros` beyond the edges.
static inline void winograd_read_pixels(
    size_t count, const size_t *offsets, const float *from, const float *zeros, const float **pixels) {
    for (size_t i = 0; i < count; i++) pixels[i] = offsets[i] == winograd_outside ? zeros : from + offsets[i];
}

/// The source pixels under a tile, to read.
static inline void winograd_source_pixels(
    const winograd_grid *grid, size_t tile, const float *source, const float *zeros, const float **pixels) {
    size_t offsets[winograd_planes];
    winograd_source_offsets(grid, tile, offsets);
    winograd_read_pixels(winograd_planes, offsets, source, zeros, pixels);
}

/// Floats between planes of `size` floats: a little more, so that the planes' equal parts, which are used together, do
/// not compete for the same lines of the cache.
static inline size_t winograd_plane_stride(size_t size) { return (size + 127) / 64 * 64 + 16; }

/// Floats between the planes of packed weights.
static inline size_t winograd_weights_plane(size_t panels, size_t depth, size_t panel_columns) {
    return winograd_plane_stride(panels * depth * panel_columns);
}

/// Weights: [plane][panel][depth][column in the panel].
size_t winograd_packed_size(const conv_packing *packing);
/// - flipped: turned by half a circle, as the data gradient needs them.
void winograd_pack(const conv_packing *packing, bool flipped, const float *weights, float *packed);

/// One pass over the pixels: forward, or the data gradient.
size_t winograd_pass_workspace_size(const winograd_grid *grid);
void winograd_pass(const winograd_grid *grid, const float *source, const float *packed, const snn_epilogue *epilogue,
    float *target, void *workspace);

size_t winograd_weights_workspace_size(const winograd_grid *grid);
void winograd_backward_weights(
    const winograd_grid *grid, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace);

#endif
