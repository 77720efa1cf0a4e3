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

/// Whether it is between images at 16 bits, by products of blocks or by filtering.
static bool is_narrow(const snn_conv_shape *shape) {
    return shape->bfloat16 && shape->groups == 1 && !conv_is_folded(shape) && snn_blocks() != NULL &&
           fill_blocks(shape, snn_min(shape->in_channels, shape->out_channels));
}

/// Vectors make so many products of bfloat16 numbers in the time of one of floats. A matrix unit outdoes all that
/// filtering saves.
static const double products_of_pairs = 2;

conv_method conv_method_of(const snn_conv_shape *shape) {
    if (is_narrow(shape)) {
        const bool filters = !snn_blocks()->in_matrix_unit && conv_suits_winograd(shape, products_of_pairs);
        return filters ? CONV_WINOGRAD : CONV_BLOCKS;
    }
    if (conv_suits_winograd(shape, 1)) return CONV_WINOGRAD;
    return conv_is_product(shape) ? CONV_PRODUCT : CONV_DIRECT;
}

conv_method conv_weights_method_of(const snn_conv_shape *shape) {
    const conv_method method = conv_method_of(shape);
    if (method != CONV_WINOGRAD) return method;
    if (!is_narrow(shape)) return conv_weights_suit_winograd(shape, 1) ? CONV_WINOGRAD : CONV_DIRECT;
    return conv_weights_suit_winograd(shape, products_of_pairs) ? CONV_WINOGRAD : CONV_BLOCKS;
}

static snn_number_format format_of(const snn_conv_shape *shape, bool at_16_bits) {
    if (!shape->bfloat16) return SNN_FLOAT32;
    return at_16_bits ? SNN_BFLOAT16 : SNN_ROUNDED;
}

snn_number_format snn_conv_input_format(const snn_conv_shape *shape) { return format_of(shape, is_narrow(shape)); }

/// Whether y, of a convolution of few channels, is for others that take it at 16 bits.
static bool writes_for_narrow(const snn_conv_shape *shape) {
    return conv_is_folded(shape) && fill_blocks(shape, shape->out_channels) && snn_blocks() != NULL;
}

snn_number_format snn_conv_output_format(const snn_conv_shape *shape) {
    return format_of(shape, is_narrow(shape) || writes_for_narrow(shape));
}

/// Of dy, where a convolution of floats writes y at 16 bits.
static bool needs_widening(const snn_conv_shape *shape) { return shape->bfloat16 && writes_for_narrow(shape); }

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

bool snn_conv_weights_use_winograd(const snn_conv_shape *shape) {
    return conv_weights_method_of(shape) == CONV_WINOGRAD;
}
