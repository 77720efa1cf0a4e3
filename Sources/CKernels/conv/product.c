#include "conv/product.h"

bool conv_is_product(const snn_conv_shape *shape) {
    const bool is_padded = shape->pad_top + shape->pad_bottom + shape->pad_left + shape->pad_right > 0;
    return shape->kernel_height * shape->kernel_width == 1 && shape->stride_height * shape->stride_width == 1 &&
           shape->groups == 1 && !is_padded;
}

static size_t pixels(const snn_conv_shape *shape) { return shape->batch * shape->in_height * shape->in_width; }

snn_gemm_shape conv_forward_product(const snn_conv_shape *shape) {
    return (snn_gemm_shape){
        .m = pixels(shape),
        .n = shape->out_channels,
        .k = shape->in_channels,
        .transpose_b = true,
        .lda = shape->in_channels,
        .ldb = shape->in_channels,
        .ldc = shape->out_channels,
        .alpha = 1,
        .bfloat16 = shape->bfloat16,
        .rounds = shape->bfloat16,
    };
}

snn_gemm_shape conv_backward_product(const snn_conv_shape *shape) {
    return (snn_gemm_shape){
        .m = pixels(shape),
        .n = shape->in_channels,
        .k = shape->out_channels,
        .lda = shape->out_channels,
        .ldb = shape->in_channels,
        .ldc = shape->in_channels,
        .alpha = 1,
        .bfloat16 = shape->bfloat16,
        .rounds = shape->bfloat16,
    };
}
