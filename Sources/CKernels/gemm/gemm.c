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

/// What the panels of op(B) are made from.
typedef struct {
    const snn_kernel_table *kernels;
    size_t k;
    bool transpose;
    size_t ldb;
    snn_feature_order order;
} packing;

/// The features [first, end) of one panel of op(B), rows of tile_columns numbers. The last panel has zeros up to the
/// next multiple of the vector width.
static void pack_panel(const packing *packing, size_t columns, const float *b, size_t first, size_t end, float *panel) {
    const snn_kernel_table *kernels = packing->kernels;
    const size_t width = kernels->tile_columns;
    if (!packing->transpose) {
        kernels->panel_copy(end - first, columns, b + first * packing->ldb, packing->ldb, panel + first * width);
        return;
    }
    if (columns < width) memset(panel + first * width, 0, (end - first) * width * sizeof(float));
    kernels->transpose(columns, end - first, b + first, packing->ldb, panel + first * width, width);
}

/// A panel of op(B) whose features come in another order than its rows.
static void pack_reordered_panel(const packing *packing, size_t columns, const float *b, float *panel) {
    const size_t width = packing->kernels->tile_columns;
    const snn_feature_order order = packing->order;
    const size_t feature_step = packing->transpose ? 1 : packing->ldb,
                 column_step = packing->transpose ? packing->ldb : 1;
    for (size_t position = 0; position < order.spatial; position++) {
        for (size_t channel = 0; channel < order.channels; channel++) {
            const float *source = b + (channel * order.spatial + position) * feature_step;
            float *row = panel + (position * order.channels + channel) * width;
            for (size_t j = 0; j < columns; j++) row[j] = source[j * column_step];
            memset(row + columns, 0, (width - columns) * sizeof(float));
        }
    }
}

/// Features packed at a time for all panels: few enough for their lines of B to stay in cache and in reach of the TLB.
enum { packed_features = 16 };

void snn_gemm_pack_b(
    size_t k, size_t n, bool transpose_b, size_t ldb, snn_feature_order order, const float *b, void *packed) {
    const packing packing = {snn_kernels(), k, transpose_b, ldb, order};
    const size_t width = packing.kernels->tile_columns;
    const size_t panels = snn_ceil_div(n, width);
    // Along the rows of B as it lies in memory.
    const size_t step = transpose_b || order.channels > 1 ? snn_max(k, 1) : packed_features;
    const size_t steps = snn_ceil_div(k, step);
    SNN_PARALLEL_FOR(
        snn_threads_for(k * n), for (size_t i = 0; i < steps * panels; i++) {
            const size_t first = i / panels * step, column = i % panels * width;
            const float *source = b + (transpose_b ? column * ldb : column);
            float *panel = (float *)packed + column * k;
            const size_t columns = snn_min(width, n - column);
            if (order.channels > 1) {
                pack_reordered_panel(&packing, columns, source, panel);
            } else {
                pack_panel(&packing, columns, source, first, snn_min(first + step, k), panel);
            }
        });
}

/// Packs one row tile of op(A), in the order in which it is stored: so that its rows, or the columns of its rows, lie
/// side by side.
static void pack_row_tile(const snn_kernel_table *kernels, const snn_gemm_shape *shape, const float *a,
    size_t first_row, size_t rows, size_t first_k, size_t depth, float *packed) {
    if (shape->transpose_a) {
        kernels->copy_rows(depth, rows, a + first_k * shape->lda + first_row, shape->lda, packed);
    } else {
        kernels->copy_rows(rows, depth, a + first_row * shape->lda + first_k, shape->lda, packed);
    }
}

/// What all blocks of one slice of the depth have in common.
typedef struct {
    const snn_gemm_shape *shape;
    const gemm_blocking *blocking;
    const snn_kernel_table *kernels;
    const float *a, *b;
    size_t b_panel, b_row;  ///< floats from one panel of op(B) to the next, and between its rows
    bool b_padded;          ///< whether b is packed
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
        .b = slice->b + panel * slice->b_panel + slice->first_k * slice->b_row,
        .b_depth = slice->b_row,
        .b_padded = slice->b_padded,
        .c = slice->c + row * shape->ldc + column,
        .c_row = shape->ldc,
        .alpha = shape->alpha,
        .beta = slice->first_k == 0 ? shape->beta : 1,
    };
    if (slice->blocking->pack_a) {
        tile.a = slice->packed_a + (row - slice->chunk_start) * slice->depth;
        tile.a_row = shape->transpose_a ? 1 : slice->depth;
        tile.a_depth = shape->transpose_a ? rows : 1;
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
    SNN_PARALLEL_FOR(
        threads, for (size_t t = 0; t < tiles; t++) {
            const size_t row = slice->chunk_start + t * tile_rows;
            pack_row_tile(slice->kernels, slice->shape, slice->a, row, snn_min(tile_rows, end_row - row),
                slice->first_k, slice->depth, slice->packed_a + t * tile_rows * slice->depth);
        });
}

static void multiply_chunk(const gemm_slice *slice, size_t end_row, int threads) {
    const gemm_blocking *blocking = slice->blocking;
    const size_t panels = snn_ceil_div(slice->shape->n, slice->kernels->tile_columns);
    const size_t row_blocks = snn_ceil_div(end_row - slice->chunk_start, blocking->rows);
    const size_t column_blocks = snn_ceil_div(panels, blocking->panels);
    if (blocking->pack_a) pack_chunk(slice, end_row, threads);
    SNN_PARALLEL_FOR(
        threads, for (size_t block = 0; block < row_blocks * column_blocks; block++) {
            const size_t row = slice->chunk_start + block / column_blocks * blocking->rows;
            const size_t panel = block % column_blocks * blocking->panels;
            multiply_block(
                slice, row, snn_min(row + blocking->rows, end_row), panel, snn_min(panel + blocking->panels, panels));
        });
}

/// The product with the panels of op(B) as `slice` tells.
static void multiply(gemm_slice slice) {
    const snn_gemm_shape *shape = slice.shape;
    if (shape->m == 0 || shape->n == 0) return;
    const gemm_blocking blocking = choose_blocking(shape);
    slice.blocking = &blocking;
    const int threads = snn_threads_for_products(shape->m * shape->n * shape->k);
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

void snn_gemm_packed(const snn_gemm_shape *shape, const float *a, const void *packed_b, const snn_epilogue *epilogue,
    float *c, void *workspace) {
    const snn_kernel_table *kernels = snn_kernels();
    multiply((gemm_slice){
        .shape = shape,
        .kernels = kernels,
        .a = a,
        .b = packed_b,
        .b_panel = shape->k * kernels->tile_columns,
        .b_row = kernels->tile_columns,
        .b_padded = true,
        .packed_a = workspace,
        .c = c,
        .epilogue = epilogue,
    });
}

/// Whether B is read where it lies: where packing it would take as long as the product, for one or two tiles of rows,
/// or gain nothing, for a B that stays in the first-level cache.
static bool reads_b_in_place(const snn_gemm_shape *shape) {
    if (shape->transpose_b) return false;
    return shape->m <= 2 * snn_kernels()->tile_rows || shape->k * shape->ldb * sizeof(float) <= snn_l1_cache_size();
}

size_t snn_gemm_workspace_size(const snn_gemm_shape *shape) {
    const size_t packed_b = reads_b_in_place(shape) ? 0 : snn_gemm_packed_size(shape->k, shape->n);
    return snn_gemm_packed_workspace_size(shape) + packed_b;
}

void snn_gemm(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue, float *c,
    void *workspace) {
    if (reads_b_in_place(shape)) {
        const snn_kernel_table *kernels = snn_kernels();
        multiply((gemm_slice){
            .shape = shape,
            .kernels = kernels,
            .a = a,
            .b = b,
            .b_panel = kernels->tile_columns,
            .b_row = shape->ldb,
            .packed_a = workspace,
            .c = c,
            .epilogue = epilogue,
        });
        return;
    }
    char *packed_b = (char *)workspace + snn_gemm_packed_workspace_size(shape);
    snn_gemm_pack_b(shape->k, shape->n, shape->transpose_b, shape->ldb, (snn_feature_order){1, shape->k}, b, packed_b);
    snn_gemm_packed(shape, a, packed_b, epilogue, c, workspace);
}
