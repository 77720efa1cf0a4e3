// The data gradient: the same sum over taps as the forward pass, over the output channels of dy. With a stride, the
// input pixels of one phase (row and column modulo the stride) are reached by the same few taps, so each phase is a sum
// of its own that visits no other.
#include <string.h>

#include "conv/blocks.h"
#include "conv/direct.h"
#include "conv/method.h"
#include "conv/product.h"
#include "conv/winograd.h"
#include "runtime/parallel.h"
#include "swiftnn/bfloat16.h"
#include "swiftnn/conv.h"

/// Enough for each phase, whose numbers of taps differ.
static size_t blocks_workspace_size(const snn_conv_shape *shape) {
    size_t largest = 0;
    for (size_t row = 0; row < snn_min(shape->stride_height, shape->in_height); row++) {
        for (size_t column = 0; column < snn_min(shape->stride_width, shape->in_width); column++) {
            const conv_geometry geometry = conv_backward_geometry(shape, row, column);
            largest = snn_max(largest, conv_blocks_workspace_size(&geometry));
        }
    }
    return largest;
}

/// The same for all phases.
static size_t zeros_size(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_backward_geometry(shape, 0, 0);
    return conv_zeros_size(&geometry);
}

size_t snn_conv_backward_data_workspace_size(const snn_conv_shape *shape) {
    switch (conv_method_of(shape)) {
        case CONV_BLOCKS: return blocks_workspace_size(shape);
        case CONV_WINOGRAD: {
            const winograd_grid grid = winograd_backward_grid(shape);
            return winograd_pass_workspace_size(&grid);
        }
        case CONV_PRODUCT: {
            const snn_gemm_shape product = conv_backward_product(shape);
            return snn_gemm_packed_workspace_size(&product);
        }
        case CONV_DIRECT: return zeros_size(shape);
    }
}

/// Phase by phase, in blocks or directly.
static void sum_phases(const snn_conv_shape *shape, bool in_blocks, const conv_operands *operands, void *workspace) {
    for (size_t row = 0; row < snn_min(shape->stride_height, shape->in_height); row++) {
        for (size_t column = 0; column < snn_min(shape->stride_width, shape->in_width); column++) {
            const conv_geometry geometry = conv_backward_geometry(shape, row, column);
            if (in_blocks) {
                conv_blocks(&geometry, operands, workspace);
            } else {
                conv_direct(&geometry, operands);
            }
        }
    }
}

static void filter(const snn_conv_shape *shape, const conv_operands *operands, void *workspace) {
    const winograd_grid grid = winograd_backward_grid(shape);
    winograd_pass(&grid, operands->source, operands->packed, NULL, operands->target, workspace);
}

static void multiply(const snn_conv_shape *shape, const conv_operands *operands, void *workspace) {
    const snn_gemm_shape product = conv_backward_product(shape);
    snn_gemm_packed(&product, operands->source, operands->packed, NULL, operands->target, workspace);
}

void snn_conv_backward_data(
    const snn_conv_shape *shape, const float *dy, const void *packed_transposed, float *dx, void *workspace) {
    const conv_operands operands = {.source = dy, .packed = packed_transposed, .zeros = workspace, .target = dx};
    switch (conv_method_of(shape)) {
        // Rounds by itself.
        case CONV_BLOCKS: sum_phases(shape, true, &operands, workspace); return;
        case CONV_WINOGRAD: filter(shape, &operands, workspace); break;
        case CONV_PRODUCT: multiply(shape, &operands, workspace); break;
        case CONV_DIRECT:
            memset(workspace, 0, zeros_size(shape));
            sum_phases(shape, false, &operands, NULL);
            break;
    }
    if (shape->bfloat16) snn_round_to_bfloat16(conv_input_count(shape), dx, dx);
}
