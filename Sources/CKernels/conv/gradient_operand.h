// One side of the products that a weight gradient sums: x, as the taps read it, or dy. Parts of its channels are read
// at the pixels of a block, in place or from a copy in the order in which they are read.
#ifndef SNN_CONV_GRADIENT_OPERAND_H
#define SNN_CONV_GRADIENT_OPERAND_H

#include "conv/pixel_blocks.h"
#include "runtime/kernel_table.h"

/// The pixels that a block reads along one axis, from the one (it may be padding) that the first position reads through
/// the first tap: in order of their phase, so that those which the positions read through one tap are neighbours.
typedef struct {
    size_t step;      ///< pixels of the image from one to the next
    size_t phases;    ///< of these from one position to the next
    size_t tap_step;  ///< and from one tap to the next
    size_t length;    ///< of a phase, for a whole block
} lattice_axis;

typedef struct {
    const float *numbers;
    conv_axis height, width;  ///< what the output positions read
    size_t channels;          ///< floats between neighbouring pixels
    size_t groups, group_step, group_channels;
    size_t part_channels, group_parts;  ///< a group is read in parts: tiles of rows, or panels
    bool panels;
    bool in_place;
    // Of the copy:
    bool images_inside;  ///< pixel by pixel, the images of each one behind one another; or image by image
    lattice_axis lines, columns;
    size_t part_size, copy_size;  ///< floats of one part of a block, and of all
} gradient_operand;

/// A part of the channels of a group, `first` being the first of its `count` channels there.
typedef struct {
    size_t group, index, first, count;
} channel_part;

/// Three loops over the pixels of one part, one inside of the other.
typedef struct {
    const float *first;
    size_t steps[3];  ///< floats from one pixel to the next
} pixel_grid;

/// Numbers in memory.
typedef struct {
    const float *first;
    size_t count;
} number_range;

/// Fills in what follows from the rest.
void gradient_operand_plan(gradient_operand *operand, const pixel_blocks *blocks);

channel_part gradient_operand_part(const gradient_operand *operand, size_t group, size_t index);

/// Copies a share of a block.
void gradient_operand_copy(const gradient_operand *operand, const snn_kernel_table *kernels, const pixel_block *block,
    size_t share, size_t shares, float *copy);

/// All that a block of whole lines reads in place or to be copied; empty where it leaves out pixels.
number_range gradient_operand_range(const gradient_operand *operand, const pixel_block *block);

/// Where some positions of a block find their pixels through the tap in row i and column j of the kernel.
pixel_grid gradient_operand_grid(const gradient_operand *operand, const pixel_block *block, const tap_pixels *met,
    size_t i, size_t j, const channel_part *part, const float *copy);

#endif
