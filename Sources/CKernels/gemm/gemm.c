// The GEMM driver: blocks for the caches, packs, and shares the tiles of C among the threads. After Goto & van de
// Geijn, "Anatomy of high-performance matrix multiplication" (2008): a block of A stays in the second-level cache, a
// panel of op(B) in the first. Every tile of C is summed by one thread in one order, so the bits do not depend on the
// threads.
#include "swiftnn/gemm.h"

#include <string.h>

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// The blocking of one product: C is cut into row blocks and column blocks, the depth into slices.
typedef struct {
    size_t depth;       ///< of a slice
    size_t rows;        ///< of a block of A, a multiple of the tile's rows
    size_t panels;      ///< of op(B) in a column block
    size_t chunk_rows;  ///< of A packed at a time, a multiple of `rows`
    bool pack_a;        ///< whether enough panels read A to make packing it worth while
} gemm_blocking;

static gemm_blocking choose_blocking(const snn_gemm_shape *shape) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t panel_bytes = kernels->tile_columns * sizeof(float);
    const size_t panels = snn_ceil_div(shape->n, kernels->tile_columns);
    gemm_blocking blocking;
    // Half of each cache: the other half is for what streams through.
    const size_t deepest = snn_max(snn_l1_cache_size() / 2 / panel_bytes, 64);
    blocking.depth = snn_ceil_div(shape->k, snn_max(snn_ceil_div(shape->k, deepest), 1));
    const size_t l2_rows = snn_l2_cache_size() / 2 / (snn_max(blocking.depth, 1) * sizeof(float));
    const size_t most_rows = snn_max(l2_rows, kernels->tile_rows);
    // At least eight blocks of rows or columns, so that threads finish together.
    const size_t wanted_rows = snn_min(most_rows, snn_ceil_div(shape->m, 8));
    blocking.rows = snn_round_up(snn_max(wanted_rows, kernels->tile_rows), kernels->tile_rows);
    const size_t row_blocks = snn_ceil_div(shape->m, blocking.rows);
    const size_t column_blocks = snn_max(1, snn_ceil_div(16, snn_max(row_blocks, 1)));
    blocking.panels = snn_min(snn_max(1, snn_ceil_div(panels, column_blocks)), 64);
    blocking.chunk_rows = snn_round_up(snn_min(snn_round_up(shape->m, blocking.rows), 4096), blocking.rows);
    blocking.pack_a = panels >= 8;
    return blocking;
}

static size_t round_up_bytes(size_t bytes) { return snn_round_up(bytes, SNN_ALIGNMENT); }

static size_t packed_a_bytes(const gemm_blocking *blocking) {
    return blocking->pack_a ? round_up_bytes(blocking->chunk_rows * blocking->depth * sizeof(float)) : 0;
}

size_t snn_gemm_packed_size(size_t k, size_t n) {
    return round_up_bytes(k * snn_round_up(n, snn_kernels()->tile_columns) * sizeof(float));
}

size_t snn_gemm_packed_workspace_size(const snn_gemm_shape *shape) {
    const gemm_blocking blocking = choose_blocking(shape);
    return packed_a_bytes(&blocking);
}

size_t snn_gemm_workspace_size(const snn_gemm_shape *shape) {
    return snn_gemm_packed_workspace_size(shape) + snn_gemm_packed_size(shape->k, shape->n);
}

/// What the panels of op(B) are made from.
typedef struct {
    const snn_kernel_table *kernels;
    size_t k;
    bool transpose;
    size_t ldb;
    snn_feature_order order;
} packing;

/// Row `row` of a panel, from feature `feature` of B.
static void pack_panel_row(const packing *packing, size_t columns, const float *b, size_t feature, float *row) {
    if (packing->transpose) {
        for (size_t j = 0; j < columns; j++) row[j] = b[j * packing->ldb + feature];
    } else {
        memcpy(row, b + feature * packing->ldb, columns * sizeof(float));
    }
}

/// One panel of op(B): k rows of tile_columns numbers, the last columns filled up with zeros.
static void pack_panel(const packing *packing, size_t columns, const float *b, float *panel) {
    const size_t width = packing->kernels->tile_columns;
    const snn_feature_order order = packing->order;
    if (packing->transpose && order.channels == 1) {
        packing->kernels->transpose(columns, packing->k, b, packing->ldb, panel, width);
    } else {
        for (size_t position = 0; position < order.spatial; position++) {
            for (size_t channel = 0; channel < order.channels; channel++) {
                float *row = panel + (position * order.channels + channel) * width;
                pack_panel_row(packing, columns, b, channel * order.spatial + position, row);
            }
        }
    }
    if (columns == width) return;
    for (size_t k = 0; k < packing->k; k++) memset(panel + k * width + columns, 0, (width - columns) * sizeof(float));
}

void snn_gemm_pack_b(
    size_t k, size_t n, bool transpose_b, size_t ldb, snn_feature_order order, const float *b, void *packed) {
    const packing packing = {snn_kernels(), k, transpose_b, ldb, order};
    const size_t width = packing.kernels->tile_columns;
    const size_t panels = snn_ceil_div(n, width);
#pragma omp parallel for schedule(static) num_threads(snn_threads_for(k *n))
    for (size_t p = 0; p < panels; p++) {
        const size_t first = p * width;
        const float *source = b + (transpose_b ? first * ldb : first);
        pack_panel(&packing, snn_min(width, n - first), source, (float *)packed + p * k * width);
    }
}

/// Packs one row tile of op(A) so that the tile's rows lie side by side: element (i, k) at k * rows + i.
static void pack_row_tile(const snn_kernel_table *kernels, const snn_gemm_shape *shape, const float *a,
    size_t first_row, size_t rows, size_t first_k, size_t depth, float *packed) {
    if (!shape->transpose_a) {
        kernels->transpose(rows, depth, a + first_row * shape->lda + first_k, shape->lda, packed, rows);
        return;
    }
    for (size_t k = 0; k < depth; k++) {
        memcpy(packed + k * rows, a + (first_k + k) * shape->lda + first_row, rows * sizeof(float));
    }
}

/// What all blocks of one slice of the depth have in common.
typedef struct {
    const snn_gemm_shape *shape;
    const gemm_blocking *blocking;
    const snn_kernel_table *kernels;
    const float *a, *packed_b;
    float *packed_a, *c;
    const snn_epilogue *epilogue;
    size_t first_k, depth;
    size_t chunk_start;  ///< first row of the chunk of A that is packed
} gemm_slice;

static bool is_last_slice(const gemm_slice *slice) { return slice->first_k + slice->depth == slice->shape->k; }

static snn_tile tile_at(const gemm_slice *slice, size_t row, size_t rows, size_t panel) {
    const snn_gemm_shape *shape = slice->shape;
    const size_t width = slice->kernels->tile_columns, column = panel * width;
    snn_tile tile = {
        .rows = rows,
        .columns = snn_min(width, shape->n - column),
        .depth = slice->depth,
        .batch = 1,
        .b = slice->packed_b + panel * shape->k * width + slice->first_k * width,
        .b_depth = width,
        .b_padded = true,
        .c = slice->c + row * shape->ldc + column,
        .c_row = shape->ldc,
        .alpha = shape->alpha,
        .beta = slice->first_k == 0 ? shape->beta : 1,
    };
    if (slice->blocking->pack_a) {
        tile.a = slice->packed_a + (row - slice->chunk_start) * slice->depth;
        tile.a_row = 1;
        tile.a_depth = rows;
    } else {
        tile.a_row = shape->transpose_a ? 1 : shape->lda;
        tile.a_depth = shape->transpose_a ? shape->lda : 1;
        tile.a = slice->a + row * tile.a_row + slice->first_k * tile.a_depth;
    }
    if (slice->epilogue != NULL && slice->epilogue->bias != NULL && is_last_slice(slice)) {
        tile.bias = slice->epilogue->bias + column;
    }
    return tile;
}

/// One block of C: its rows stay in the second-level cache while the panels of op(B) pass through the first.
static void multiply_block(
    const gemm_slice *slice, size_t first_row, size_t end_row, size_t first_panel, size_t end_panel) {
    const snn_gemm_shape *shape = slice->shape;
    const size_t tile_rows = slice->kernels->tile_rows, width = slice->kernels->tile_columns;
    for (size_t panel = first_panel; panel < end_panel; panel++) {
        for (size_t row = first_row; row < end_row; row += tile_rows) {
            const snn_tile tile = tile_at(slice, row, snn_min(tile_rows, end_row - row), panel);
            slice->kernels->gemm_tile(&tile);
        }
    }
    if (slice->epilogue == NULL || slice->epilogue->activation.kind == SNN_IDENTITY || !is_last_slice(slice)) return;
    const size_t column = first_panel * width, columns = snn_min(end_panel * width, shape->n) - column;
    for (size_t row = first_row; row < end_row; row++) {
        float *out = slice->c + row * shape->ldc + column;
        slice->kernels->activation_forward(slice->epilogue->activation, columns, out, out);
    }
}

static void pack_chunk(const gemm_slice *slice, size_t end_row, int threads) {
    const size_t tile_rows = slice->kernels->tile_rows;
    const size_t tiles = snn_ceil_div(end_row - slice->chunk_start, tile_rows);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t t = 0; t < tiles; t++) {
        const size_t row = slice->chunk_start + t * tile_rows;
        pack_row_tile(slice->kernels, slice->shape, slice->a, row, snn_min(tile_rows, end_row - row), slice->first_k,
            slice->depth, slice->packed_a + t * tile_rows * slice->depth);
    }
}

static void multiply_chunk(const gemm_slice *slice, size_t end_row, int threads) {
    const gemm_blocking *blocking = slice->blocking;
    const size_t panels = snn_ceil_div(slice->shape->n, slice->kernels->tile_columns);
    const size_t row_blocks = snn_ceil_div(end_row - slice->chunk_start, blocking->rows);
    const size_t column_blocks = snn_ceil_div(panels, blocking->panels);
    if (blocking->pack_a) pack_chunk(slice, end_row, threads);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t block = 0; block < row_blocks * column_blocks; block++) {
        const size_t row = slice->chunk_start + block / column_blocks * blocking->rows;
        const size_t panel = block % column_blocks * blocking->panels;
        multiply_block(
            slice, row, snn_min(row + blocking->rows, end_row), panel, snn_min(panel + blocking->panels, panels));
    }
}

void snn_gemm_packed(const snn_gemm_shape *shape, const float *a, const void *packed_b, const snn_epilogue *epilogue,
    float *c, void *workspace) {
    if (shape->m == 0 || shape->n == 0) return;
    const gemm_blocking blocking = choose_blocking(shape);
    const int threads = snn_threads_for_products(shape->m * shape->n * shape->k);
    gemm_slice slice = {
        .shape = shape,
        .blocking = &blocking,
        .kernels = snn_kernels(),
        .a = a,
        .packed_b = packed_b,
        .packed_a = workspace,
        .c = c,
        .epilogue = epilogue,
    };
    // One pass even for k = 0: C = activation(beta * C + bias).
    do {
        slice.depth = snn_min(blocking.depth, shape->k - slice.first_k);
        for (size_t row = 0; row < shape->m; row += blocking.chunk_rows) {
            slice.chunk_start = row;
            multiply_chunk(&slice, snn_min(row + blocking.chunk_rows, shape->m), threads);
        }
        slice.first_k += slice.depth;
    } while (slice.first_k < shape->k);
}

void snn_gemm(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue, float *c,
    void *workspace) {
    char *packed_b = (char *)workspace + snn_gemm_packed_workspace_size(shape);
    snn_gemm_pack_b(shape->k, shape->n, shape->transpose_b, shape->ldb, (snn_feature_order){1, shape->k}, b, packed_b);
    snn_gemm_packed(shape, a, packed_b, epilogue, c, workspace);
}
