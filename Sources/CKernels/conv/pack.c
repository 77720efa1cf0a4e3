// Packing weights into the panels that the register tiles read.
#include <string.h>

#include "conv/blocks.h"
#include "conv/geometry.h"
#include "conv/joined.h"
#include "conv/method.h"
#include "conv/overlaps.h"
#include "conv/packing.h"
#include "conv/product.h"
#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

static joined_taps none_joined(size_t taps) {
    return (joined_taps){.pixels = 1, .rows = 1, .row_taps = taps, .packed_row_taps = taps};
}

/// Widens the taps and columns of a packing to those of joined pixels.
static void join_pixels(
    const snn_conv_shape *shape, size_t pixels, ptrdiff_t first, ptrdiff_t step, conv_packing *packing) {
    if (pixels == 1) return;
    const size_t apart = step < 0 ? (size_t)-step : (size_t)step;
    packing->joined = (joined_taps){
        .pixels = pixels,
        .rows = shape->kernel_height,
        .row_taps = shape->kernel_width,
        .packed_row_taps = shape->kernel_width + (pixels - 1) * apart,
        .first = first,
        .step = step,
        .weights_row = shape->kernel_width,
    };
    packing->taps = packing->joined.rows * packing->joined.packed_row_taps;
    packing->columns *= pixels;
}

/// Puts the columns of all taps in a row of the kernel behind one another.
static void join_taps(const snn_conv_shape *shape, conv_packing *packing) {
    packing->joined = (joined_taps){
        .pixels = shape->kernel_width,
        .rows = shape->kernel_height,
        .row_taps = 1,
        .packed_row_taps = 1,
        .weights_row = shape->kernel_width,
        .weights_step = 1,
    };
    packing->taps = shape->kernel_height;
    packing->columns *= shape->kernel_width;
}

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
        .joined = none_joined(conv_taps(shape)),
    };
}

/// Of the weights as users see them.
static conv_packing plain_packing(const snn_conv_shape *shape) {
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
        .joined = none_joined(taps),
    };
}

conv_packing conv_forward_packing(const snn_conv_shape *shape) {
    conv_packing packing = plain_packing(shape);
    join_pixels(shape, conv_joined_outputs(shape), 0, (ptrdiff_t)shape->stride_width, &packing);
    return packing;
}

conv_packing conv_transposed_packing(const snn_conv_shape *shape) {
    conv_packing packing = plain_packing(shape);
    if (conv_is_depthwise(shape)) return packing;
    packing.depth = conv_group_out(shape);
    packing.columns = conv_group_in(shape);
    packing.depth_stride = conv_group_in(shape) * packing.taps;
    packing.column_stride = packing.taps;
    if (conv_prefers_overlaps(shape)) {
        join_taps(shape, &packing);
        return packing;
    }
    const size_t pixels = conv_joined_inputs(shape);
    join_pixels(shape, pixels, (ptrdiff_t)pixels - 1, -1, &packing);
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

/// A row of the weights of one of the pixels that are joined: its columns, and where it starts in a panel and among the
/// weights.
typedef struct {
    size_t taps, columns, in_panel, in_weights;
} packed_row;

static size_t packed_rows(const conv_packing *packing) { return packing->joined.pixels * packing->joined.rows; }

/// Pixel by pixel; of a panel of `columns`.
static packed_row packed_row_at(const conv_packing *packing, size_t columns, size_t index) {
    const joined_taps *joined = &packing->joined;
    const size_t pixel = index / joined->rows, row = index % joined->rows;
    const size_t first = (size_t)(joined->first + (ptrdiff_t)pixel * joined->step);
    const size_t tap = row * joined->packed_row_taps + first;
    return (packed_row){
        .taps = joined->row_taps,
        .columns = columns / joined->pixels,
        .in_panel = tap * packing->depth * packing->panel_columns + pixel * (columns / joined->pixels),
        .in_weights = row * joined->weights_row + pixel * joined->weights_step,
    };
}

/// The taps of each number along the depth, which lie side by side, become rows of columns.
static void pack_panel(
    const snn_kernel_table *kernels, const conv_packing *packing, const float *weights, size_t columns, float *panel) {
    const size_t width = packing->panel_columns;
    if (columns < width) memset(panel, 0, conv_packing_panel_size(packing) * sizeof(float));
    for (size_t i = 0; i < packed_rows(packing); i++) {
        const packed_row row = packed_row_at(packing, columns, i);
        for (size_t d = 0; d < packing->depth; d++) {
            kernels->transpose(row.columns, row.taps, weights + row.in_weights + d * packing->depth_stride,
                packing->column_stride, panel + row.in_panel + d * width, packing->depth * width);
        }
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

/// The inverse of pack_panel for one row.
static void unpack_row(
    const snn_kernel_table *kernels, const conv_packing *packing, packed_row row, const float *panel, float *weights) {
    const size_t width = packing->panel_columns;
    for (size_t d = 0; d < packing->depth; d++) {
        kernels->transpose(row.taps, row.columns, panel + row.in_panel + d * width, packing->depth * width,
            weights + row.in_weights + d * packing->depth_stride, packing->column_stride);
    }
}

/// The same, added to the weights.
static void add_row(const conv_packing *packing, packed_row row, const float *panel, float *weights) {
    const size_t width = packing->panel_columns;
    for (size_t d = 0; d < packing->depth; d++) {
        for (size_t tap = 0; tap < row.taps; tap++) {
            const float *sums = panel + row.in_panel + (tap * packing->depth + d) * width;
            float *target = weights + row.in_weights + d * packing->depth_stride + tap;
            for (size_t c = 0; c < row.columns; c++) target[c * packing->column_stride] += sums[c];
        }
    }
}

/// The gradient of a weight is the sum of those of the pixels that are joined.
static void unpack_panel(const snn_kernel_table *kernels, const conv_packing *packing, const float *panel,
    size_t columns, bool accumulate, float *weights) {
    for (size_t i = 0; i < packed_rows(packing); i++) {
        const packed_row row = packed_row_at(packing, columns, i);
        if (accumulate || i >= packing->joined.rows) {
            add_row(packing, row, panel, weights);
        } else {
            unpack_row(kernels, packing, row, panel, weights);
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
        unpack_panel(kernels, packing, panel, columns, accumulate, target);
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
