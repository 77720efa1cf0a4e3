// Data gradients of few channels, which would leave most of a vector empty: a pixel of dy times a row of the kernel is
// a run of numbers in a line of dx, as long as the kernel is wide. The runs of neighbouring pixels overlap, and add up.
#ifndef SNN_CONV_OVERLAPS_H
#define SNN_CONV_OVERLAPS_H

#include "conv/gather.h"

/// Whether that serves the data gradient faster than sums over taps do.
bool conv_prefers_overlaps(const snn_conv_shape *shape);

size_t conv_overlaps_workspace_size(const snn_conv_shape *shape);

/// dx of such a shape, from floats. The weights are packed with the columns of all taps in a row of the kernel behind
/// one another.
void conv_overlaps(const snn_conv_shape *shape, const conv_operands *operands, void *workspace);

#endif
