// Packing 3 x 3 weights for Winograd's filtering: transformed, as 36 planes of panels.
#include <string.h>

#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

enum { taps = 9 };

size_t winograd_packed_size(const conv_packing *packing) {
    return winograd_planes *
           winograd_weights_plane(conv_packing_panels(packing), packing->depth, packing->panel_columns);
}

/// One row of a panel, of all planes.
static void pack_row(const conv_packing *packing, const snn_kernel_table *kernels, bool flipped, const float *weights,
    size_t columns, float *row, size_t plane) {
    float values[taps][SNN_MAX_TILE_COLUMNS];
    const float *pixels[taps];
    for (size_t tap = 0; tap < taps; tap++) {
        const size_t source = flipped ? taps - 1 - tap : tap;
        memset(values[tap], 0, sizeof values[tap]);
        for (size_t c = 0; c < columns; c++) values[tap][c] = weights[c * packing->column_stride + source];
        pixels[tap] = values[tap];
    }
    kernels->winograd_spread_weights(packing->panel_columns, pixels, row, plane);
}

void winograd_pack(const conv_packing *packing, bool flipped, const float *weights, float *packed) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t panels = conv_packing_panels(packing), depth = packing->depth, width = packing->panel_columns;
    const size_t plane = winograd_weights_plane(panels, depth, width);
    SNN_PARALLEL_2D(snn_threads_for(winograd_planes * plane), panel, panels, d, depth, {
        const size_t first = panel * width;
        const float *source = weights + first * packing->column_stride + d * packing->depth_stride;
        pack_row(packing, kernels, flipped, source, snn_min(width, packing->columns - first),
            packed + (panel * depth + d) * width, plane);
    });
}
