// Max and average pooling, channels-last; 1-D is a 2-D image of height 1, global pooling a window of the whole image.
#ifndef SWIFTNN_POOL_H
#define SWIFTNN_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bfloat16.h"

/// Input [batch, in_height, in_width, channels], output [batch, out_height, out_width, channels].
/// Padding may differ on each side.
typedef struct {
    size_t batch, in_height, in_width, channels;
    size_t kernel_height, kernel_width;
    size_t stride_height, stride_width;
    size_t dilation_height, dilation_width;  ///< 1 for average pooling
    size_t pad_top, pad_bottom, pad_left, pad_right;
    bool ceil_mode;  ///< round the output size up; a last window must still start inside the image or its left padding
    bool count_include_pad;     ///< average pooling: padding counts in the divisor (PyTorch's rules with ceil_mode)
    snn_number_format numbers;  ///< of x, y, dy and dx; of average pooling, floats
} snn_pool_shape;

/// Output positions along the height: floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1, with ceil_mode
/// the quotient rounded up; 0 where no window fits.
size_t snn_pool_out_height(const snn_pool_shape *shape);
/// The same along the width.
size_t snn_pool_out_width(const snn_pool_shape *shape);

/// y = the maximum of each window (padding never wins; NaN does; a window with no tap inside the image gives
/// -infinity); argmax, where not NULL, gets for each output the tap (row * kernel_width + column inside the window) it
/// came from: the first of equals, the last of NaNs. kernel_height * kernel_width must be at most 65,536.
void snn_max_pool_forward(const snn_pool_shape *shape, const void *x, void *y, uint16_t *argmax);

/// dx (overwritten): every dy goes to the element that won. dx is not dy.
void snn_max_pool_backward(const snn_pool_shape *shape, const void *dy, const uint16_t *argmax, void *dx);

/// y = the mean of each window, over its taps inside the image or, with count_include_pad, inside the padded image.
void snn_average_pool_forward(const snn_pool_shape *shape, const float *x, float *y);

/// dx (overwritten); dx is not dy.
void snn_average_pool_backward(const snn_pool_shape *shape, const float *dy, float *dx);

#endif
