// Convolutions of 1 x 1 weights with all pixels: matrix products, whose rows are pixels.
#ifndef SNN_CONV_PRODUCT_H
#define SNN_CONV_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/conv.h"

/// Whether every pixel of y is the product of the same pixel of x.
bool conv_is_product(const snn_conv_shape *shape);

/// y as rows times the weights.
snn_gemm_shape conv_forward_product(const snn_conv_shape *shape);
/// dx as rows of dy times the weights as they lie.
snn_gemm_shape conv_backward_product(const snn_conv_shape *shape);

#endif
