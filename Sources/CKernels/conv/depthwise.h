// Depthwise convolutions.
#ifndef SNN_CONV_DEPTHWISE_H
#define SNN_CONV_DEPTHWISE_H

#include "conv/gather.h"

/// The same as conv_gather, for a depthwise geometry.
void conv_depthwise(const conv_geometry *geometry, const conv_operands *operands);

/// The weight gradient.
size_t depthwise_weights_workspace_size(const snn_conv_shape *shape);
void depthwise_backward_weights(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace);

#endif
