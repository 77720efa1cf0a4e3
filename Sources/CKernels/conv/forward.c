// The forward pass.
#include <string.h>

#include "conv/blocks.h"
#include "conv/direct.h"
#include "conv/gather.h"
#include "conv/joined.h"
#include "conv/lines.h"
#include "conv/method.h"
#include "conv/planes.h"
#include "conv/product.h"
#include "conv/winograd.h"
#include "gemm/tile.h"
#include "swiftnn/bfloat16.h"
#include "swiftnn/conv.h"

/// For lines of floats that go to a y at 16 bits.
static size_t lines_size(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    return snn_conv_output_format(shape) == SNN_BFLOAT16 ? conv_lines_workspace_size(&geometry) : 0;
}

size_t snn_conv_forward_workspace_size(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    switch (conv_method_of(shape)) {
        case CONV_BLOCKS: return conv_blocks_workspace_size(&geometry);
        case CONV_WINOGRAD: {
            const winograd_grid grid = winograd_forward_grid(shape);
            return winograd_pass_workspace_size(&grid);
        }
        case CONV_PRODUCT: {
            const snn_gemm_shape product = conv_forward_product(shape);
            return snn_gemm_packed_workspace_size(&product);
        }
        case CONV_DIRECT: return conv_zeros_size(&geometry) + conv_padded_size(shape) + lines_size(shape);
    }
}

/// Directly, on floats.
static void sum_directly(const snn_conv_shape *shape, const float *x, const void *packed, const snn_epilogue *epilogue,
    void *y, void *workspace) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    const size_t zeros_size = conv_zeros_size(&geometry);
    char *padded = (char *)workspace + zeros_size;
    float bias[SNN_MAX_TILE_COLUMNS];
    snn_epilogue joined;
    if (epilogue != NULL) joined = conv_join_epilogue(shape, epilogue, bias);
    memset(workspace, 0, zeros_size);
    const conv_operands operands = {
        .source = conv_padded(shape, x, (float *)padded),
        .packed = packed,
        .zeros = workspace,
        .epilogue = epilogue == NULL ? NULL : &joined,
        .target = y,
    };
    if (conv_prefers_planes(shape)) {
        conv_planes(shape, &geometry, &operands);
    } else if (conv_is_folded(shape)) {
        uint16_t *narrow = snn_conv_output_format(shape) == SNN_BFLOAT16 ? y : NULL;
        conv_lines(&geometry, &operands, narrow, padded + conv_padded_size(shape));
    } else {
        conv_direct(&geometry, &operands);
    }
    if (snn_conv_output_format(shape) == SNN_ROUNDED) snn_round_to_bfloat16(conv_output_count(shape), y, y);
}

static void sum_in_blocks(const snn_conv_shape *shape, const void *x, const void *packed, const snn_epilogue *epilogue,
    void *y, void *workspace) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    const conv_block_operands operands = {.source = x, .packed = packed, .epilogue = epilogue, .target = y};
    conv_blocks(&geometry, &operands, workspace);
}

static void filter(const snn_conv_shape *shape, const void *x, const void *packed, const snn_epilogue *epilogue,
    void *y, void *workspace) {
    const winograd_grid grid = winograd_forward_grid(shape);
    winograd_pass(&grid, x, packed, epilogue, y, workspace);
}

static void multiply(const snn_conv_shape *shape, const float *x, const void *packed, const snn_epilogue *epilogue,
    float *y, void *workspace) {
    const snn_gemm_shape product = conv_forward_product(shape);
    snn_gemm_packed(&product, x, packed, epilogue, y, workspace);
}

void snn_conv_forward(const snn_conv_shape *shape, const void *x, const void *packed, const snn_epilogue *epilogue,
    void *y, void *workspace) {
    switch (conv_method_of(shape)) {
        case CONV_BLOCKS: sum_in_blocks(shape, x, packed, epilogue, y, workspace); break;
        case CONV_WINOGRAD: filter(shape, x, packed, epilogue, y, workspace); break;
        case CONV_PRODUCT: multiply(shape, x, packed, epilogue, y, workspace); break;
        case CONV_DIRECT: sum_directly(shape, x, packed, epilogue, y, workspace); break;
    }
}
