#include "gemm/packing.h"

#include <string.h>

#include "runtime/parallel.h"
#include "swiftnn/gemm.h"
#include "swiftnn/runtime.h"

/// Features packed at a time for all panels: few enough for their lines of B to stay in cache and in reach of the TLB.
enum { packed_features = 8 };

static void pack_panel(const gemm_b *b, size_t panel, size_t first, size_t end, float *packed) {
    const size_t width = b->kernels->tile_columns, column = panel * width, columns = snn_min(width, b->n - column);
    if (!b->transpose) {
        b->kernels->panel_copy(end - first, columns, b->b + first * b->ldb + column, b->ldb, packed);
        return;
    }
    if (columns < width) memset(packed, 0, (end - first) * width * sizeof(float));
    b->kernels->transpose(columns, end - first, b->b + column * b->ldb + first, b->ldb, packed, width);
}

void gemm_pack_panels(const gemm_b *b, size_t first_panel, size_t end_panel, size_t first, size_t end, float *packed,
    size_t panel_stride) {
    const size_t width = b->kernels->tile_columns;
    // Along the rows of B as it lies in memory.
    const size_t step = b->transpose ? snn_max(end - first, 1) : packed_features;
    for (size_t feature = first; feature < end; feature += step) {
        for (size_t panel = first_panel; panel < end_panel; panel++) {
            float *out = packed + (panel - first_panel) * panel_stride + (feature - first) * width;
            pack_panel(b, panel, feature, snn_min(feature + step, end), out);
        }
    }
}

void gemm_pack_slice(const gemm_b *b, size_t first, size_t end, float *packed, int threads) {
    const size_t width = b->kernels->tile_columns, stride = (end - first) * width;
    const size_t panels = snn_ceil_div(b->n, width), shares = (size_t)threads;
    SNN_PARALLEL_FOR(
        threads, for (size_t share = 0; share < shares; share++) {
            const size_t start = panels * share / shares, stop = panels * (share + 1) / shares;
            gemm_pack_panels(b, start, stop, first, end, packed + start * stride, stride);
        });
}

/// A panel of op(B) whose features come in another order than its rows.
static void pack_reordered_panel(const gemm_b *b, snn_feature_order order, size_t panel, float *packed) {
    const size_t width = b->kernels->tile_columns, column = panel * width, columns = snn_min(width, b->n - column);
    const size_t feature_step = b->transpose ? 1 : b->ldb, column_step = b->transpose ? b->ldb : 1;
    for (size_t position = 0; position < order.spatial; position++) {
        for (size_t channel = 0; channel < order.channels; channel++) {
            const float *source = b->b + column * column_step + (channel * order.spatial + position) * feature_step;
            float *row = packed + (position * order.channels + channel) * width;
            for (size_t j = 0; j < columns; j++) row[j] = source[j * column_step];
            memset(row + columns, 0, (width - columns) * sizeof(float));
        }
    }
}

size_t snn_gemm_packed_size(size_t k, size_t n) {
    return snn_round_up(k * snn_round_up(n, snn_kernels()->tile_columns) * sizeof(float), SNN_ALIGNMENT);
}

void snn_gemm_pack_b(
    size_t k, size_t n, bool transpose_b, size_t ldb, snn_feature_order order, const float *b, void *packed) {
    const gemm_b source = {snn_kernels(), n, transpose_b, ldb, b};
    const int threads = snn_threads_for(k * n);
    if (order.channels == 1) {
        gemm_pack_slice(&source, 0, k, packed, threads);
        return;
    }
    const size_t width = source.kernels->tile_columns, panels = snn_ceil_div(n, width);
    SNN_PARALLEL_FOR(
        threads, for (size_t panel = 0; panel < panels;
                      panel++) { pack_reordered_panel(&source, order, panel, (float *)packed + panel * k * width); });
}
