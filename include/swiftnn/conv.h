// Convolution in one and two dimensions (1-D is a 2-D image of height 1), channels-last.
#ifndef SWIFTNN_CONV_H
#define SWIFTNN_CONV_H

#include <stdbool.h>
#include <stddef.h>

#include "bfloat16.h"
#include "gemm.h"

/// Input [batch, in_height, in_width, in_channels], output [batch, out_height, out_width, out_channels].
/// Weights as users see them: [out_channels, in_channels / groups, kernel_height, kernel_width] (PyTorch's order).
/// Padding is of zeros and may differ on each side.
typedef struct {
    size_t batch, in_height, in_width, in_channels, out_channels;
    size_t kernel_height, kernel_width;
    size_t stride_height, stride_width;
    size_t dilation_height, dilation_width;
    size_t pad_top, pad_bottom, pad_left, pad_right;
    size_t groups;
    /// Whether x, the weights, dy, y and dx hold numbers that bfloat16 has.
    bool bfloat16;
} snn_conv_shape;

/// How x and dx are kept: in shapes of bfloat16, where the tier in use multiplies at 16 bits, that is how.
snn_number_format snn_conv_input_format(const snn_conv_shape *shape);
/// The same for y and dy.
snn_number_format snn_conv_output_format(const snn_conv_shape *shape);

/// Output positions along one axis: floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1, or 0 where the
/// kernel does not fit.
size_t snn_conv_output_size(
    size_t in, size_t kernel, size_t stride, size_t dilation, size_t pad_before, size_t pad_after);
/// The same for the height of the output of a shape.
size_t snn_conv_out_height(const snn_conv_shape *shape);
/// And for its width.
size_t snn_conv_out_width(const snn_conv_shape *shape);

/// Whether the convolution is computed by Winograd's minimal filtering: forward and the data gradient, and the weight
/// gradient where it gains too. With stride 1 that is F(4 x 4, 3 x 3), a quarter of the multiply-adds, or, of few
/// pixels, F(2 x 2, 3 x 3), 4 of 9 with fewer weights; with stride 2 F(4 x 4, 2 x 2) of the even and the odd lines and
/// columns, 9 of 16; for about twice the rounding error. So are those with 3 x 3 weights, no dilation and one group
/// that gain by it; which follows from the shape and, in bfloat16, from the tier in use.
bool snn_conv_uses_winograd(const snn_conv_shape *shape);
/// Whether its weight gradient is.
bool snn_conv_weights_use_winograd(const snn_conv_shape *shape);

/// Bytes of the weights packed for the forward pass by the tier in use. How they are packed, and the formats above,
/// follow from the whole shape, its batch too: what is packed for one is not for another.
size_t snn_conv_packed_size(const snn_conv_shape *shape);
/// Packs the weights, as users see them, for snn_conv_forward; `packed` is aligned as workspaces are.
void snn_conv_pack(const snn_conv_shape *shape, const float *weights, void *packed);
/// Bytes of the weights packed for the data gradient by the tier in use.
size_t snn_conv_packed_transposed_size(const snn_conv_shape *shape);
/// Packs the weights, as users see them, for snn_conv_backward_data.
void snn_conv_pack_transposed(const snn_conv_shape *shape, const float *weights, void *packed);

/// y = activation(x * weights + bias). bias: out_channels numbers or NULL.
void snn_conv_forward(const snn_conv_shape *shape, const void *x, const void *packed, const snn_epilogue *epilogue,
    void *y, void *workspace);
size_t snn_conv_forward_workspace_size(const snn_conv_shape *shape);

/// dx (overwritten) from dy and the transposed packed weights.
void snn_conv_backward_data(
    const snn_conv_shape *shape, const void *dy, const void *packed_transposed, void *dx, void *workspace);
size_t snn_conv_backward_data_workspace_size(const snn_conv_shape *shape);

/// The weight gradient in the order users see (overwritten, or added to where accumulate). The bias gradient is
/// snn_column_sums over dy.
void snn_conv_backward_weights(
    const snn_conv_shape *shape, const void *x, const void *dy, bool accumulate, float *dweights, void *workspace);
size_t snn_conv_backward_weights_workspace_size(const snn_conv_shape *shape);

#endif
