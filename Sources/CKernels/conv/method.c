#include "conv/method.h"

#include "conv/geometry.h"
#include "conv/product.h"
#include "gemm/blocks.h"
#include "runtime/parallel.h"

static bool suits_blocks(const snn_conv_shape *shape) {
    // Fewer channels or images would leave most of a block empty.
    enum { fewest_channels = 16, fewest_images = 16 };
    return shape->bfloat16 && shape->groups == 1 && !conv_is_folded(shape) && shape->batch >= fewest_images &&
           snn_min(shape->in_channels, shape->out_channels) >= fewest_channels;
}

conv_method conv_method_of(const snn_conv_shape *shape) {
    const snn_block_kernels *blocks = snn_blocks();
    const bool in_blocks = blocks != NULL && suits_blocks(shape);
    // Filtering saves more than vectors of bfloat16 numbers, and less than a matrix unit for them.
    if (conv_suits_winograd(shape) && !(in_blocks && blocks->in_matrix_unit)) return CONV_WINOGRAD;
    if (in_blocks) return CONV_BLOCKS;
    return conv_is_product(shape) ? CONV_PRODUCT : CONV_DIRECT;
}

bool snn_conv_uses_winograd(const snn_conv_shape *shape) { return conv_method_of(shape) == CONV_WINOGRAD; }
