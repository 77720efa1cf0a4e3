// Packing weights into the panels that the register tiles read.
#include <string.h>

#include "conv/blocks.h"
#include "conv/geometry.h"
#include "conv/method.h"
#include "conv/packing.h"
#include "conv/product.h"
#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// One panel of channels for each output of a channel.
static conv_packing depthwise_packing(const snn_conv_shape *shape) {
    return (conv_packing){
        .groups = conv_group_out(shape),
        .taps = conv_taps(shape),
        .depth = 1,
        .columns = shape->in_channels,
        .panel_columns = shape->in_channels,
        .group_stride = conv_taps(shape),
        .column_stride = conv_group_out(shape) * conv_taps(shape),
    };
}

conv_packing conv_forward_packing(const snn_conv_shape *shape) {
    if (conv_is_depthwise(shape)) return depthwise_packing(shape);
    const size_t taps = conv_taps(shape), in = conv_group_in(shape), out = conv_group_out(shape);
    return (conv_packing){
        .groups = shape->groups,
        .taps = taps,
        .depth = in,
        .columns = out,
        .panel_columns = snn_kernels()->tile_columns,
        .group_stride = out * in * taps,
        .depth_stride = taps,
        .column_stride = in * taps,
    };
}

conv_packing conv_transposed_packing(const snn_conv_shape *shape) {
    conv_packing packing = conv_forward_packing(shape);
    if (conv_is_depthwise(shape)) return packing;
    packing.depth = conv_group_out(shape);
    packing.columns = conv_group_in(shape);
    packing.depth_stride = conv_group_in(shape) * packing.taps;
    packing.column_stride = packing.taps;
    return packing;
}

size_t conv_packing_panels(const conv_packing *packing) {
    return packing->columns == 0 ? 0 : snn_ceil_div(packing->columns, packing->panel_columns);
}

size_t conv_packing_panel_size(const conv_packing *packing) {
    return packing->taps * packing->depth * packing->panel_columns;
}

size_t conv_packing_size(const conv_packing *packing) {
    return packing->groups * conv_packing_panels(packing) * conv_packing_panel_size(packing);
}

/// The taps of each number along the depth, which lie side by side, become rows of columns.
static void pack_panel(
    const snn_kernel_table *kernels, const conv_packing *packing, const float *weights, size_t columns, float *panel) {
    const size_t width = packing->panel_columns;
    if (columns < width) memset(panel, 0, conv_packing_panel_size(packing) * sizeof(float));
    for (size_t d = 0; d < packing->depth; d++) {
        kernels->transpose(columns, packing->taps, weights + d * packing->depth_stride, packing->column_stride,
            panel + d * width, packing->depth * width);
    }
}

static void pack(const conv_packing *packing, const float *weights, float *packed) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t panels = conv_packing_panels(packing), panel_size = conv_packing_panel_size(packing);
    SNN_PARALLEL_FOR(snn_threads_for(conv_packing_size(packing)), p, packing->groups * panels, {
        const size_t first = p % panels * packing->panel_columns;
        const float *source = weights + p / panels * packing->group_stride + first * packing->column_stride;
        pack_panel(kernels, packing, source, snn_min(packing->panel_columns, packing->columns - first),
            packed + p * panel_size);
    });
}

/// The inverse of pack_panel.
static void unpack_panel(
    const snn_kernel_table *kernels, const conv_packing *packing, const float *panel, size_t columns, float *weights) {
    const size_t width = packing->panel_columns;
    for (size_t d = 0; d < packing->depth; d++) {
        kernels->transpose(packing->taps, columns, panel + d * width, packing->depth * width,
            weights + d * packing->depth_stride, packing->column_stride);
    }
}

/// The same, added to the weights.
static void add_panel(const conv_packing *packing, const float *panel, size_t columns, float *weights) {
    const size_t width = packing->panel_columns;
    for (size_t d = 0; d < packing->depth; d++) {
        for (size_t tap = 0; tap < packing->taps; tap++) {
            const float *row = panel + (tap * packing->depth + d) * width;
            float *target = weights + d * packing->depth_stride + tap;
            for (size_t c = 0; c < columns; c++) target[c * packing->column_stride] += row[c];
        }
    }
}

void conv_unpack_sums(const conv_packing *packing, size_t chunks, float *packed, bool accumulate, float *weights) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t panels = conv_packing_panels(packing), panel_size = conv_packing_panel_size(packing);
    const size_t chunk_size = conv_packing_size(packing);
    SNN_PARALLEL_FOR(snn_threads_for(chunks * chunk_size), p, packing->groups * panels, {
        float *panel = packed + p * panel_size;
        for (size_t i = 1; i < chunks; i++) kernels->add(panel_size, panel, panel + i * chunk_size, panel);
        const size_t first = p % panels * packing->panel_columns;
        const size_t columns = snn_min(packing->panel_columns, packing->columns - first);
        float *target = weights + p / panels * packing->group_stride + first * packing->column_stride;
        if (accumulate) {
            add_panel(packing, panel, columns, target);
        } else {
            unpack_panel(kernels, packing, panel, columns, target);
        }
    });
}

typedef enum { FOR_FORWARD, FOR_BACKWARD } pack_direction;

static conv_packing packing_for(const snn_conv_shape *shape, pack_direction direction) {
    return direction == FOR_FORWARD ? conv_forward_packing(shape) : conv_transposed_packing(shape);
}

static snn_gemm_shape product_for(const snn_conv_shape *shape, pack_direction direction) {
    return direction == FOR_FORWARD ? conv_forward_product(shape) : conv_backward_product(shape);
}

static winograd_grid grid_for(const snn_conv_shape *shape, pack_direction direction) {
    return direction == FOR_FORWARD ? winograd_forward_grid(shape) : winograd_backward_grid(shape);
}

static size_t packed_bytes(const snn_conv_shape *shape, pack_direction direction) {
    const conv_packing packing = packing_for(shape, direction);
    switch (conv_method_of(shape)) {
        case CONV_BLOCKS: return conv_blocks_packed_size(&packing);
        case CONV_WINOGRAD: {
            const winograd_grid grid = grid_for(shape, direction);
            return snn_round_up(winograd_packed_size(&grid, &packing) * sizeof(float), SNN_ALIGNMENT);
        }
        case CONV_PRODUCT: {
            const snn_gemm_shape product = product_for(shape, direction);
            return snn_gemm_packed_size(&product);
        }
        case CONV_DIRECT: return snn_round_up(conv_packing_size(&packing) * sizeof(float), SNN_ALIGNMENT);
    }
}

static void pack_for(const snn_conv_shape *shape, pack_direction direction, const float *weights, void *packed) {
    const conv_packing packing = packing_for(shape, direction);
    switch (conv_method_of(shape)) {
        case CONV_BLOCKS: conv_blocks_pack(&packing, weights, packed); break;
        case CONV_WINOGRAD: {
            const winograd_grid grid = grid_for(shape, direction);
            winograd_pack(&grid, &packing, direction == FOR_BACKWARD, weights, packed);
            break;
        }
        case CONV_PRODUCT: {
            const snn_gemm_shape product = product_for(shape, direction);
            snn_gemm_pack_b(&product, (snn_feature_order){1, product.k}, weights, packed);
            break;
        }
        case CONV_DIRECT: pack(&packing, weights, packed); break;
    }
}

size_t snn_conv_packed_size(const snn_conv_shape *shape) { return packed_bytes(shape, FOR_FORWARD); }

void snn_conv_pack(const snn_conv_shape *shape, const float *weights, void *packed) {
    pack_for(shape, FOR_FORWARD, weights, packed);
}

size_t snn_conv_packed_transposed_size(const snn_conv_shape *shape) { return packed_bytes(shape, FOR_BACKWARD); }

void snn_conv_pack_transposed(const snn_conv_shape *shape, const float *weights, void *packed) {
    pack_for(shape, FOR_BACKWARD, weights, packed);
}
