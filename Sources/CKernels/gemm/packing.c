#include "gemm/packing.h"

#include <string.h>

#include "runtime/parallel.h"
#include "swiftnn/gemm.h"
#include "swiftnn/runtime.h"

/// Elements packed at a time for all panels: few enough for their lines of B to stay in cache and in reach of the TLB.
enum { packed_elements = 8 };

const snn_pair_kernels *gemm_packed_pairs(const snn_gemm_shape *shape) {
    // Of each row of A, all numbers are paired: in products with few columns that would take longer than it saves.
    return shape->bfloat16 && shape->n >= 2 * snn_kernels()->tile_columns ? snn_pairs() : NULL;
}

size_t gemm_elements(const snn_gemm_shape *shape, const snn_pair_kernels *pairs) {
    return pairs != NULL ? snn_ceil_div(shape->k, 2) : shape->k;
}

size_t gemm_features(const snn_gemm_shape *shape, const snn_pair_kernels *pairs, size_t elements) {
    return pairs != NULL ? snn_min(2 * elements, shape->k) : elements;
}

/// Pairs of transposed columns: paired as they lie, then turned, a few at a time.
static void pack_transposed_pairs(
    const gemm_b *b, size_t columns, size_t features, const float *source, float *packed) {
    enum { turned_features = 64 };
    float turned[SNN_MAX_TILE_COLUMNS * turned_features / 2];
    const size_t ldb = b->shape->ldb, width = b->kernels->tile_columns;
    for (size_t feature = 0; feature < features; feature += turned_features) {
        const size_t count = snn_min(turned_features, features - feature), pairs = snn_ceil_div(count, 2);
        b->pairs->pair_columns(columns, count, source + feature, ldb, turned);
        b->kernels->transpose(columns, pairs, turned, pairs, packed + feature / 2 * width, width);
    }
}

static void pack_panel(const gemm_b *b, size_t panel, size_t first, size_t end, float *packed) {
    const snn_gemm_shape *shape = b->shape;
    const size_t width = b->kernels->tile_columns, column = panel * width, columns = snn_min(width, shape->n - column);
    const size_t feature = gemm_features(shape, b->pairs, first);
    const size_t features = gemm_features(shape, b->pairs, end) - feature;
    const float *source = b->b + (shape->transpose_b ? column * shape->ldb + feature : feature * shape->ldb + column);
    if (!shape->transpose_b && b->pairs == NULL) {
        b->kernels->panel_copy(features, columns, source, shape->ldb, packed);
        return;
    }
    if (columns < width) memset(packed, 0, (end - first) * width * sizeof(float));
    if (b->pairs == NULL) {
        b->kernels->transpose(columns, features, source, shape->ldb, packed, width);
    } else if (shape->transpose_b) {
        pack_transposed_pairs(b, columns, features, source, packed);
    } else {
        b->pairs->pair_rows(features, columns, source, shape->ldb, packed, width);
    }
}

void gemm_pack_panels(const gemm_b *b, size_t first_panel, size_t end_panel, size_t first, size_t end, float *packed,
    size_t panel_stride) {
    const size_t width = b->kernels->tile_columns;
    // Along the rows of B as it lies in memory.
    const size_t step = b->shape->transpose_b ? snn_max(end - first, 1) : packed_elements;
    for (size_t element = first; element < end; element += step) {
        for (size_t panel = first_panel; panel < end_panel; panel++) {
            float *out = packed + (panel - first_panel) * panel_stride + (element - first) * width;
            pack_panel(b, panel, element, snn_min(element + step, end), out);
        }
    }
}

void gemm_pack_slice(const gemm_b *b, size_t first, size_t end, float *packed, int threads) {
    const size_t width = b->kernels->tile_columns, stride = (end - first) * width;
    const size_t panels = snn_ceil_div(b->shape->n, width), shares = (size_t)threads;
    SNN_PARALLEL_FOR(
        threads, for (size_t share = 0; share < shares; share++) {
            const size_t start = panels * share / shares, stop = panels * (share + 1) / shares;
            gemm_pack_panels(b, start, stop, first, end, packed + start * stride, stride);
        });
}

/// Puts a number in its place in a packed panel of zeros.
static void put(const gemm_b *b, size_t feature, size_t column, float number, float *packed) {
    const size_t width = b->kernels->tile_columns;
    if (b->pairs == NULL) {
        packed[feature * width + column] = number;
    } else {
        const char *upper_half = (const char *)&number + 2;
        memcpy((char *)(packed + feature / 2 * width + column) + feature % 2 * 2, upper_half, 2);
    }
}

/// A panel of the rows of a transposed B, whose features come in another order: a transpose for every channel.
static void pack_reordered_rows(const gemm_b *b, snn_feature_order order, size_t panel, float *packed) {
    const snn_gemm_shape *shape = b->shape;
    const size_t width = b->kernels->tile_columns, column = panel * width, columns = snn_min(width, shape->n - column);
    if (columns < width) memset(packed, 0, shape->k * width * sizeof(float));
    for (size_t channel = 0; channel < order.channels; channel++) {
        const float *source = b->b + column * shape->ldb + channel * order.spatial;
        b->kernels->transpose(
            columns, order.spatial, source, shape->ldb, packed + channel * width, order.channels * width);
    }
}

/// Any panel of op(B) whose features come in another order than its rows, number by number.
static void pack_reordered_numbers(const gemm_b *b, snn_feature_order order, size_t panel, float *packed) {
    const snn_gemm_shape *shape = b->shape;
    const size_t width = b->kernels->tile_columns, column = panel * width, columns = snn_min(width, shape->n - column);
    const size_t feature_step = shape->transpose_b ? 1 : shape->ldb, column_step = shape->transpose_b ? shape->ldb : 1;
    memset(packed, 0, gemm_elements(shape, b->pairs) * width * sizeof(float));
    for (size_t position = 0; position < order.spatial; position++) {
        for (size_t channel = 0; channel < order.channels; channel++) {
            const float *source = b->b + column * column_step + (channel * order.spatial + position) * feature_step;
            const size_t feature = position * order.channels + channel;
            for (size_t j = 0; j < columns; j++) put(b, feature, j, source[j * column_step], packed);
        }
    }
}

size_t snn_gemm_packed_size(const snn_gemm_shape *shape) {
    const size_t columns = snn_round_up(shape->n, snn_kernels()->tile_columns);
    return snn_round_up(gemm_elements(shape, gemm_packed_pairs(shape)) * columns * sizeof(float), SNN_ALIGNMENT);
}

void snn_gemm_pack_b(const snn_gemm_shape *shape, snn_feature_order order, const float *b, void *packed) {
    const gemm_b source = {snn_kernels(), gemm_packed_pairs(shape), shape, b};
    const int threads = snn_threads_for(shape->k * shape->n);
    const size_t elements = gemm_elements(shape, source.pairs);
    if (order.channels == 1) {
        gemm_pack_slice(&source, 0, elements, packed, threads);
        return;
    }
    const size_t width = source.kernels->tile_columns, panels = snn_ceil_div(shape->n, width);
    const bool by_rows = source.pairs == NULL && shape->transpose_b;
    SNN_PARALLEL_FOR(
        threads, for (size_t panel = 0; panel < panels; panel++) {
            float *out = (float *)packed + panel * elements * width;
            if (by_rows) {
                pack_reordered_rows(&source, order, panel, out);
            } else {
                pack_reordered_numbers(&source, order, panel, out);
            }
        });
}
