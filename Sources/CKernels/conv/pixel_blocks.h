// Output pixels cut into blocks, for the sums over all of them that weight gradients are.
#ifndef SNN_CONV_PIXEL_BLOCKS_H
#define SNN_CONV_PIXEL_BLOCKS_H

#include "conv/geometry.h"

/// How many chunks of blocks, each with sums of its own, there are where the problem is large enough. Not counted by
/// the threads, for the last bits of the gradient follow from it.
enum { SNN_WANTED_CHUNKS = 16 };

/// A block: pixels of one line, lines of one image, or whole images. At least one, though it may be empty.
typedef struct {
    size_t images, lines, columns;  ///< of a block
    size_t line_blocks, column_blocks, count;
} pixel_blocks;

/// The same lines and columns of some images.
typedef struct {
    size_t first_image, images, first_line, end_line, first_column, end_column;
} pixel_block;

/// The pixels of a block that meet no padding through one tap.
typedef struct {
    size_t images;  ///< 0 where there is none
    size_t first_line, lines, first_column, columns;
} tap_pixels;

/// Blocks as equal as can be, of `most` pixels or fewer.
pixel_blocks pixel_blocks_of(const conv_geometry *geometry, size_t most);

pixel_block pixel_block_at(const conv_geometry *geometry, const pixel_blocks *blocks, size_t index);

/// Tap t of the geometry, counted row by row.
tap_pixels pixel_block_tap(const conv_geometry *geometry, const pixel_block *block, size_t tap);

#endif
