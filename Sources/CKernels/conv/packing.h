// The order of packed weights, in both directions: packing for the tiles, and unpacking a weight gradient.
#ifndef SNN_CONV_PACKING_H
#define SNN_CONV_PACKING_H

#include "swiftnn/conv.h"

/// Where neighbouring pixels are joined (conv/joined.h), the columns are those of each of them behind one another. The
/// `row_taps` weights in a row of one pixel are some of the `packed_row_taps` of the joined one, from
/// first + pixel * step on. Where none are joined, all taps count as one row. Where the columns of all taps in a row
/// lie behind one another (conv/overlaps.h), each of these counts as a pixel that has a single tap.
typedef struct {
    size_t pixels, rows, row_taps, packed_row_taps;
    ptrdiff_t first, step;
    size_t weights_row, weights_step;  ///< from one row, and one pixel, to the next among the weights
} joined_taps;

/// Packed: [group][panel][tap][depth][column in the panel]. A weight is at group * group_stride + depth * depth_stride
/// + column * column_stride + tap in the order users see.
typedef struct {
    size_t groups, taps, depth, columns;
    size_t panel_columns;  ///< width of a panel
    size_t group_stride, depth_stride, column_stride;
    joined_taps joined;
} conv_packing;

conv_packing conv_forward_packing(const snn_conv_shape *shape);
conv_packing conv_transposed_packing(const snn_conv_shape *shape);

size_t conv_packing_panels(const conv_packing *packing);
/// Floats of one panel, and of all.
size_t conv_packing_panel_size(const conv_packing *packing);
size_t conv_packing_size(const conv_packing *packing);

/// weights = the sum of `chunks` packed arrays (+ weights where accumulate), added in their order, to the first one.
void conv_unpack_sums(const conv_packing *packing, size_t chunks, float *packed, bool accumulate, float *weights);

#endif
