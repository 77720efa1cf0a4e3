// The forward pass.
#include <string.h>

#include "conv/blocks.h"
#include "conv/direct.h"
#include "conv/gather.h"
#include "conv/lines.h"
#include "conv/winograd.h"
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

void snn_conv_forward(const snn_conv_shape *shape, const float *x, const void *packed, const snn_epilogue *epilogue,
    float *y, void *workspace) {
    if (snn_conv_uses_winograd(shape)) {
        const winograd_grid grid = winograd_forward_grid(shape);
        winograd_pass(&grid, x, packed, epilogue, y, workspace);
        return;
    }
    const conv_geometry geometry = conv_forward_geometry(shape);
    if (conv_uses_blocks(shape)) {
        const conv_operands operands = {.source = x, .packed = packed, .epilogue = epilogue, .target = y};
        conv_blocks(&geometry, &operands, workspace);
        return;
    }
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
