// How a convolution is computed: one choice for both passes over pixels and their packed weights, which follows from
// the shape and the tier in use.
#ifndef SNN_CONV_METHOD_H
#define SNN_CONV_METHOD_H

#include "swiftnn/conv.h"

typedef enum {
    CONV_PRODUCT,   ///< a matrix product; of the weight gradient, direct sums (conv/product.h)
    CONV_DIRECT,    ///< sums of floats over the taps (conv/direct.h)
    CONV_WINOGRAD,  ///< minimal filtering of floats (conv/winograd.h)
    CONV_BLOCKS,    ///< products of blocks of bfloat16 numbers (conv/blocks.h)
} conv_method;

conv_method conv_method_of(const snn_conv_shape *shape);

/// Of the weight gradient: the same, but where filtering does not pay.
conv_method conv_weights_method_of(const snn_conv_shape *shape);

/// Bytes of dy as floats, for methods that sum those; 0 where it is kept so.
size_t conv_widened_size(const snn_conv_shape *shape);

/// dy as floats: itself, or widened, which is made.
const float *conv_widened(const snn_conv_shape *shape, const void *dy, float *widened);

#endif
