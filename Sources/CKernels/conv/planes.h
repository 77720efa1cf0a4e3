// Convolutions of one channel to few, which would leave most of a vector empty: vectors run along the lines of the
// image, and each channel that results is an image by itself, a plane, that is woven into pixels at the end.
#ifndef SNN_CONV_PLANES_H
#define SNN_CONV_PLANES_H

#include "conv/gather.h"

/// Whether that serves the forward pass and the weight gradient faster than sums over channels do.
bool conv_prefers_planes(const snn_conv_shape *shape);

/// The same as conv_gather, for the geometry of such a shape's folded forward pass.
void conv_planes(const snn_conv_shape *shape, const conv_geometry *geometry, const conv_operands *operands);

/// The weight gradient. The input is as conv_padded makes it.
size_t conv_planes_weights_workspace_size(const snn_conv_shape *shape);
void conv_planes_backward_weights(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace);

#endif
