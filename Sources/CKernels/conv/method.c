#include "conv/method.h"

#include "conv/geometry.h"
#include "conv/product.h"
#include "gemm/blocks.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// Fewer channels or images would leave most of a block empty.
static bool fill_blocks(const snn_conv_shape *shape, size_t channels) {
    enum { fewest_channels = 16, fewest_images = 16 };
    return shape->batch >= fewest_images && channels >= fewest_channels;
}

static bool suits_blocks(const snn_conv_shape *shape) {
    return shape->bfloat16 && shape->groups == 1 && !conv_is_folded(shape) &&
           fill_blocks(shape, snn_min(shape->in_channels, shape->out_channels));
}

conv_method conv_method_of(const snn_conv_shape *shape) {
    const snn_block_kernels *blocks = snn_blocks();
    const bool in_blocks = blocks != NULL && suits_blocks(shape);
    // Filtering saves more than vectors of bfloat16 numbers, and less than a matrix unit for them; with a stride less
    // than both.
    const bool is_outdone = in_blocks && (blocks->in_matrix_unit || shape->stride_height > 1);
    if (conv_suits_winograd(shape) && !is_outdone) return CONV_WINOGRAD;
    if (in_blocks) return CONV_BLOCKS;
    return conv_is_product(shape) ? CONV_PRODUCT : CONV_DIRECT;
}

conv_method conv_weights_method_of(const snn_conv_shape *shape) {
    const conv_method method = conv_method_of(shape);
    return method == CONV_WINOGRAD && !conv_weights_suit_winograd(shape) ? CONV_DIRECT : method;
}

static snn_number_format format_of(const snn_conv_shape *shape, bool is_narrow) {
    if (!shape->bfloat16) return SNN_FLOAT32;
    return is_narrow ? SNN_BFLOAT16 : SNN_ROUNDED;
}

snn_number_format snn_conv_input_format(const snn_conv_shape *shape) {
    return format_of(shape, conv_method_of(shape) == CONV_BLOCKS);
}

snn_number_format snn_conv_output_format(const snn_conv_shape *shape) {
    // What a convolution of few channels puts out is for others: with a matrix unit those are computed in blocks.
    const snn_block_kernels *blocks = snn_blocks();
    const bool is_for_blocks =
        conv_is_folded(shape) && fill_blocks(shape, shape->out_channels) && blocks != NULL && blocks->in_matrix_unit;
    return format_of(shape, is_for_blocks || conv_method_of(shape) == CONV_BLOCKS);
}

/// Of dy, where a convolution of floats writes y at 16 bits.
static bool needs_widening(const snn_conv_shape *shape) {
    return snn_conv_output_format(shape) == SNN_BFLOAT16 && conv_method_of(shape) != CONV_BLOCKS;
}

size_t conv_widened_size(const snn_conv_shape *shape) {
    if (!needs_widening(shape)) return 0;
    return snn_round_up(conv_output_count(shape) * sizeof(float), SNN_ALIGNMENT);
}

const float *conv_widened(const snn_conv_shape *shape, const void *dy, float *widened) {
    if (!needs_widening(shape)) return dy;
    snn_widen_bfloat16(conv_output_count(shape), dy, widened);
    return widened;
}

bool snn_conv_uses_winograd(const snn_conv_shape *shape) { return conv_method_of(shape) == CONV_WINOGRAD; }
