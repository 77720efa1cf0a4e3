// The data gradient: the same sum over taps as the forward pass, over the output channels of dy. With a stride, the
// input pixels of one phase (row and column modulo the stride) are reached by the same few taps, so each phase is a sum
// of its own that visits no other.
#include <string.h>

#include "conv/blocks.h"
#include "conv/direct.h"
#include "conv/method.h"
#include "conv/overlaps.h"
#include "conv/product.h"
#include "conv/winograd.h"
#include "runtime/parallel.h"
#include "swiftnn/bfloat16.h"
#include "swiftnn/conv.h"

static size_t row_phases(const snn_conv_shape *shape) { return snn_min(shape->stride_height, shape->in_height); }
static size_t column_phases(const snn_conv_shape *shape) { return snn_min(shape->stride_width, shape->in_width); }
static size_t phases(const snn_conv_shape *shape) { return row_phases(shape) * column_phases(shape); }

static conv_geometry phase_at(const snn_conv_shape *shape, size_t index) {
    return conv_backward_geometry(shape, index / column_phases(shape), index % column_phases(shape));
}

/// Enough for each phase, whose numbers of taps differ.
static size_t blocks_workspace_size(const snn_conv_shape *shape) {
    size_t largest = 0;
    for (size_t phase = 0; phase < phases(shape); phase++) {
        const conv_geometry geometry = phase_at(shape, phase);
        largest = snn_max(largest, conv_blocks_workspace_size(&geometry));
    }
    return largest;
}

/// The same for all phases.
static size_t zeros_size(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_backward_geometry(shape, 0, 0);
    return conv_zeros_size(&geometry);
}

static size_t overlaps_size(const snn_conv_shape *shape) {
    return conv_prefers_overlaps(shape) ? conv_overlaps_workspace_size(shape) : 0;
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
        case CONV_DIRECT: return zeros_size(shape) + conv_widened_size(shape) + overlaps_size(shape);
    }
}

static void sum_phases(const snn_conv_shape *shape, const conv_operands *operands) {
    for (size_t phase = 0; phase < phases(shape); phase++) {
        const conv_geometry geometry = phase_at(shape, phase);
        conv_direct(&geometry, operands);
    }
}

static void sum_directly(const snn_conv_shape *shape, const void *dy, const void *packed, float *dx, void *workspace) {
    float *widened = (float *)((char *)workspace + zeros_size(shape));
    memset(workspace, 0, zeros_size(shape));
    const conv_operands operands = {
        .source = conv_widened(shape, dy, widened), .packed = packed, .zeros = workspace, .target = dx};
    if (conv_prefers_overlaps(shape)) {
        conv_overlaps(shape, &operands, (char *)widened + conv_widened_size(shape));
    } else {
        sum_phases(shape, &operands);
    }
    if (snn_conv_input_format(shape) == SNN_ROUNDED) snn_round_to_bfloat16(conv_input_count(shape), dx, dx);
}

static void sum_in_blocks(const snn_conv_shape *shape, const void *dy, const void *packed, void *dx, void *workspace) {
    const conv_block_operands operands = {.source = dy, .packed = packed, .target = dx};
    for (size_t phase = 0; phase < phases(shape); phase++) {
        const conv_geometry geometry = phase_at(shape, phase);
        conv_blocks(&geometry, &operands, workspace);
    }
}

static void filter(const snn_conv_shape *shape, const void *dy, const void *packed, void *dx, void *workspace) {
    const winograd_grid grid = winograd_backward_grid(shape);
    winograd_pass(&grid, dy, packed, NULL, dx, workspace);
}

static void multiply(const snn_conv_shape *shape, const float *dy, const void *packed, float *dx, void *workspace) {
    const snn_gemm_shape product = conv_backward_product(shape);
    snn_gemm_packed(&product, dy, packed, NULL, dx, workspace);
}

void snn_conv_backward_data(
    const snn_conv_shape *shape, const void *dy, const void *packed_transposed, void *dx, void *workspace) {
    switch (conv_method_of(shape)) {
        case CONV_BLOCKS: sum_in_blocks(shape, dy, packed_transposed, dx, workspace); break;
        case CONV_WINOGRAD: filter(shape, dy, packed_transposed, dx, workspace); break;
        case CONV_PRODUCT: multiply(shape, dy, packed_transposed, dx, workspace); break;
        case CONV_DIRECT: sum_directly(shape, dy, packed_transposed, dx, workspace); break;
    }
}
