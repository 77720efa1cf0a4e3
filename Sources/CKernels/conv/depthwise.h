// Depthwise convolutions.
#ifndef SNN_CONV_DEPTHWISE_H
#define SNN_CONV_DEPTHWISE_H

#include "conv/gather.h"

/// The same as conv_gather, for a depthwise geometry.
void conv_depthwise(const conv_geometry *geometry, const conv_operands *operands);

#endif
