// The forward pass.
#include <string.h>

#include "conv/blocks.h"
#include "conv/direct.h"
#include "conv/gather.h"
#include "conv/lines.h"
#include "conv/winograd.h"
#include "swiftnn/bfloat16.h"
#include "swiftnn/conv.h"

size_t snn_conv_forward_workspace_size(const snn_conv_shape *shape) {
    if (snn_conv_uses_winograd(shape)) {
        const winograd_grid grid = winograd_forward_grid(shape);
        return winograd_pass_workspace_size(&grid);
    }
    const conv_geometry geometry = conv_forward_geometry(shape);
    if (conv_uses_blocks(shape)) return conv_blocks_workspace_size(&geometry);
    return conv_zeros_size(&geometry) + conv_padded_size(shape);
}

/// Directly, on floats.
static void sum_directly(const snn_conv_shape *shape, const float *x, const void *packed, const snn_epilogue *epilogue,
    float *y, void *workspace) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    const size_t zeros_size = conv_zeros_size(&geometry);
    memset(workspace, 0, zeros_size);
    const conv_operands operands = {
        .source = conv_padded(shape, x, (float *)((char *)workspace + zeros_size)),
        .packed = packed,
        .zeros = workspace,
        .epilogue = epilogue,
        .target = y,
    };
    if (conv_is_folded(shape)) {
        conv_lines(&geometry, &operands);
    } else {
        conv_direct(&geometry, &operands);
    }
}

void snn_conv_forward(const snn_conv_shape *shape, const float *x, const void *packed, const snn_epilogue *epilogue,
    float *y, void *workspace) {
    if (conv_uses_blocks(shape)) {
        const conv_geometry geometry = conv_forward_geometry(shape);
        const conv_operands operands = {.source = x, .packed = packed, .epilogue = epilogue, .target = y};
        conv_blocks(&geometry, &operands, workspace);
        return;
    }
    if (snn_conv_uses_winograd(shape)) {
        const winograd_grid grid = winograd_forward_grid(shape);
        winograd_pass(&grid, x, packed, epilogue, y, workspace);
    } else {
        sum_directly(shape, x, packed, epilogue, y, workspace);
    }
    if (shape->bfloat16) snn_round_to_bfloat16(conv_output_count(shape), y, y);
}
