#include "gemm/packing.h"

#include <string.h>

#include "runtime/parallel.h"
#include "swiftnn/gemm.h"
#include "swiftnn/runtime.h"

/// Elements packed at a time for all panels: few enough for their lines of B to stay in cache and in reach of the TLB.
enum { packed_elements = 8 };

const snn_block_kernels *gemm_packed_blocks(const snn_gemm_shape *shape) {
    // All numbers of A are copied: in products with few columns that would take longer than it saves.
    return shape->bfloat16 && shape->n >= 2 * SNN_BLOCK ? snn_blocks() : NULL;
}

bool gemm_has_few_rows(const snn_gemm_shape *shape) { return shape->m <= 2 * snn_kernels()->tile_rows; }

const snn_block_kernels *gemm_blocks(const snn_gemm_shape *shape) {
    return gemm_has_few_rows(shape) ? NULL : gemm_packed_blocks(shape);
}

size_t gemm_elements(const snn_gemm_shape *shape, const snn_block_kernels *blocks) {
    return blocks != NULL ? snn_round_up(shape->k, SNN_BLOCK) / 2 : shape->k;
}

size_t gemm_features(const snn_gemm_shape *shape, const snn_block_kernels *blocks, size_t elements) {
    return blocks != NULL ? snn_min(2 * elements, shape->k) : elements;
}

/// Rows of pairs of a panel, `features` numbers deep, from the rows of B.
static void pack_pairs(const gemm_b *b, size_t columns, size_t features, const float *source, uint16_t *packed) {
    const size_t ldb = b->shape->ldb, row = 2 * SNN_BLOCK;
    b->blocks->copy_float_pairs(features / 2, columns, source, source + ldb, 2 * ldb, packed, row, 0);
    if (features % 2 == 0) return;
    b->blocks->copy_float_pairs(
        1, columns, source + (features - 1) * ldb, NULL, 0, packed + features / 2 * row, row, 0);
}

/// The same from the columns of B as rows: a block at a time as one of A, which is then transposed.
static void pack_transposed_pairs(
    const gemm_b *b, size_t columns, size_t features, const float *source, uint16_t *packed) {
    _Alignas(SNN_ALIGNMENT) uint16_t turned[SNN_BLOCK_NUMBERS];
    for (size_t feature = 0; feature < features; feature += SNN_BLOCK) {
        const size_t count = snn_min(SNN_BLOCK, features - feature);
        b->blocks->copy_float_rows(columns, count, source + feature, b->shape->ldb, turned, SNN_BLOCK, 0);
        b->kernels->transpose(columns, SNN_BLOCK_PAIRS, (const float *)turned, SNN_BLOCK_PAIRS,
            (float *)(packed + feature * SNN_BLOCK), SNN_BLOCK);
    }
}

static void pack_panel(const gemm_b *b, size_t panel, size_t first, size_t end, float *packed) {
    const snn_gemm_shape *shape = b->shape;
    const size_t width = b->kernels->tile_columns, column = panel * width, columns = snn_min(width, shape->n - column);
    const size_t feature = gemm_features(shape, b->blocks, first);
    const size_t features = gemm_features(shape, b->blocks, end) - feature;
    const float *source = b->b + (shape->transpose_b ? column * shape->ldb + feature : feature * shape->ldb + column);
    if (!shape->transpose_b && b->blocks == NULL) {
        b->kernels->panel_copy(features, columns, source, shape->ldb, packed);
        return;
    }
    const bool in_full = columns == width && (b->blocks == NULL || features == 2 * (end - first));
    if (!in_full) memset(packed, 0, (end - first) * width * sizeof(float));
    if (b->blocks == NULL) {
        b->kernels->transpose(columns, features, source, shape->ldb, packed, width);
    } else if (shape->transpose_b) {
        pack_transposed_pairs(b, columns, features, source, (uint16_t *)packed);
    } else {
        pack_pairs(b, columns, features, source, (uint16_t *)packed);
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
    SNN_PARALLEL_PIECES(threads, thread, start, stop, snn_ceil_div(b->shape->n, width),
        { gemm_pack_panels(b, start, stop, first, end, packed + start * stride, stride); });
}

/// Puts a number in its place in a packed panel of zeros.
static void put(const gemm_b *b, size_t feature, size_t column, float number, float *packed) {
    const size_t width = b->kernels->tile_columns;
    if (b->blocks == NULL) {
        packed[feature * width + column] = number;
    } else {
        const uint16_t bits = snn_bfloat16_bits(number);
        memcpy((char *)(packed + feature / 2 * width + column) + feature % 2 * sizeof(bits), &bits, sizeof(bits));
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
    memset(packed, 0, gemm_elements(shape, b->blocks) * width * sizeof(float));
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
    return snn_round_up(gemm_elements(shape, gemm_packed_blocks(shape)) * columns * sizeof(float), SNN_ALIGNMENT);
}

void snn_gemm_pack_b(const snn_gemm_shape *shape, snn_feature_order order, const float *b, void *packed) {
    const gemm_b source = {snn_kernels(), gemm_packed_blocks(shape), shape, b};
    const int threads = snn_threads_for(shape->k * shape->n);
    const size_t elements = gemm_elements(shape, source.blocks);
    if (order.channels == 1) {
        gemm_pack_slice(&source, 0, elements, packed, threads);
        return;
    }
    const size_t width = source.kernels->tile_columns, panels = snn_ceil_div(shape->n, width);
    const bool by_rows = source.blocks == NULL && shape->transpose_b;
    SNN_PARALLEL_FOR(threads, panel, panels, {
        float *out = (float *)packed + panel * elements * width;
        if (by_rows) {
            pack_reordered_rows(&source, order, panel, out);
        } else {
            pack_reordered_numbers(&source, order, panel, out);
        }
    });
}
