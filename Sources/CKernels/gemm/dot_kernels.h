// Products of rows of A with rows of B, neither of which is packed: vectors run along the depth, and the lanes of all
// sums of a tile are added up at once.
#include "runtime/parallel.h"
#include "swiftnn/gemm.h"

/// Rows and columns of a tile of sums, as many as leave registers for what is read; of fewer rows it has more columns,
/// and where few columns are left, more rows.
enum {
    dot_rows = 4,
    dot_most_rows = 8,
    dot_sums = SIMD_TILE_ROWS * SIMD_TILE_VECTORS < 16 ? SIMD_TILE_ROWS * SIMD_TILE_VECTORS : 16,
    /// Columns of a narrow tile of a single row: an output of ten classes would leave a third of a whole one empty.
    dot_narrow_columns = dot_sums * 3 / 4,
};

/// One round: pairs of vectors become one, each half of which has the sums of what was in one of them.
#define DOT_SUM_ROUND(rows, size)                                                     \
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < size; i++) {            \
        const vf low = rows[i], high = rows[i + size];                                \
        rows[i] = TRANSPOSE_LOW_##size(low, high) + TRANSPOSE_HIGH_##size(low, high); \
    }

/// The sums of the lanes of SIMD_WIDTH vectors, a lane each.
SIMD_INLINE vf v_sums(vf rows[SIMD_WIDTH]) {
#if SIMD_WIDTH == 16
    DOT_SUM_ROUND(rows, 8)
#endif
#if SIMD_WIDTH >= 8
    DOT_SUM_ROUND(rows, 4)
#endif
    DOT_SUM_ROUND(rows, 2)
    DOT_SUM_ROUND(rows, 1)
    return rows[0];
}

#undef DOT_SUM_ROUND

/// sums += the products of some numbers along the depth. Those of the shorter side of the tile stay in registers.
SIMD_INLINE void dot_step(const size_t rows, const size_t columns, const size_t lanes, const float *const *a,
    const float *const *b, size_t k, vf *sums) {
    const bool keeps_rows = rows <= columns;
    const size_t few = keeps_rows ? rows : columns, many = keeps_rows ? columns : rows;
    vf kept[dot_rows];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < few; i++) kept[i] = v_load_lanes((keeps_rows ? a : b)[i] + k, lanes);
#pragma clang loop unroll(full)
    for (size_t j = 0; j < many; j++) {
        const vf v = v_load_lanes((keeps_rows ? b : a)[j] + k, lanes);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < few; i++) {
            vf *sum = &sums[keeps_rows ? i * columns + j : j * columns + i];
            *sum = v_fma(kept[i], v, *sum);
        }
    }
}

/// Stores `width` columns of a tile, which is a constant where these are all.
SIMD_INLINE void dot_store(
    const size_t rows, const size_t columns, const size_t width, const float *results, float *c, size_t ldc) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < width; j++) c[i * ldc + j] = results[i * columns + j];
    }
}

/// A tile of C = alpha * A * op(B), of which `width` columns are stored.
SIMD_INLINE void dot_tile(const size_t rows, const size_t columns, const snn_gemm_shape *shape, const float *const *a,
    const float *const *b, size_t width, float *c) {
    enum { most = (dot_sums + SIMD_WIDTH - 1) / SIMD_WIDTH * SIMD_WIDTH };
    vf sums[most];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < most; i++) sums[i] = v_zero();
    size_t k = 0;
    for (; k + SIMD_WIDTH <= shape->k; k += SIMD_WIDTH) dot_step(rows, columns, SIMD_WIDTH, a, b, k, sums);
    if (k < shape->k) dot_step(rows, columns, shape->k - k, a, b, k, sums);
    float results[most];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < most; i += SIMD_WIDTH) v_store(results + i, v_set1(shape->alpha) * v_sums(sums + i));
    if (width == columns) {
        dot_store(rows, columns, columns, results, c, shape->ldc);
    } else {
        dot_store(rows, columns, width, results, c, shape->ldc);
    }
}

/// All columns of some rows, in tiles of so many rows and at most so many columns, which are constants.
SIMD_INLINE void dot_tiles_sized(const size_t rows, const size_t most, const snn_gemm_shape *shape, size_t all_rows,
    size_t columns, const float *a, const float *b, float *c) {
    for (size_t first = 0; first < columns; first += most) {
        const size_t width = snn_min(most, columns - first);
        const float *rows_of_b[dot_sums];
        for (size_t j = 0; j < most; j++) rows_of_b[j] = b + (first + (j < width ? j : 0)) * shape->ldb;
        for (size_t row = 0; row < all_rows; row += rows) {
            const float *rows_of_a[dot_most_rows];
#pragma clang loop unroll(full)
            for (size_t i = 0; i < rows; i++) rows_of_a[i] = a + (row + i) * shape->lda;
            dot_tile(rows, most, shape, rows_of_a, rows_of_b, width, c + row * shape->ldc + first);
        }
    }
}

/// The same in tiles as large as can be.
SIMD_INLINE void dot_tiles(const size_t rows, const snn_gemm_shape *shape, size_t all_rows, size_t columns,
    const float *a, const float *b, float *c) {
    dot_tiles_sized(rows, dot_sums / rows, shape, all_rows, columns, a, b, c);
}

static void dot_row(const snn_gemm_shape *shape, size_t columns, const float *a, const float *b, float *c) {
    if (columns <= dot_narrow_columns) {
        dot_tiles_sized(1, dot_narrow_columns, shape, 1, columns, a, b, c);
    } else {
        dot_tiles(1, shape, 1, columns, a, b, c);
    }
}

/// Some rows, a multiple of dot_most_rows: columns that do not fill half of a tile are summed for more rows at a time.
SIMD_INLINE void dot_tall_tiles(
    const snn_gemm_shape *shape, size_t rows, size_t columns, const float *a, const float *b, float *c) {
    enum { columns_of_tile = dot_sums / dot_rows, few = dot_sums / dot_most_rows };
    const size_t left = columns % columns_of_tile, tiled = left <= few ? columns - left : columns;
    if (tiled > 0) dot_tiles(dot_rows, shape, rows, tiled, a, b, c);
    if (tiled < columns) dot_tiles(dot_most_rows, shape, rows, left, a, b + tiled * shape->ldb, c + tiled);
}

/// The tiles of so many rows each that cover a block.
SIMD_INLINE size_t dot_tile_count(const size_t tile_rows, size_t rows, size_t columns) {
    const size_t tile_columns = dot_sums / tile_rows;
    return snn_ceil_div(rows, tile_rows) * snn_ceil_div(columns, tile_columns);
}

/// A block of C = alpha * A * op(B), from as many rows of B as it has columns.
static void gemm_dots(
    const snn_gemm_shape *shape, size_t rows, size_t columns, const float *a, const float *b, float *c) {
    if (rows % 3 == 0 && dot_tile_count(3, rows, columns) < dot_tile_count(dot_rows, rows, columns)) {
        dot_tiles(3, shape, rows, columns, a, b, c);
        return;
    }
    const size_t tall = rows / dot_most_rows * dot_most_rows, whole = rows / dot_rows * dot_rows;
    if (tall > 0) dot_tall_tiles(shape, tall, columns, a, b, c);
    if (whole > tall) dot_tiles(dot_rows, shape, dot_rows, columns, a + tall * shape->lda, b, c + tall * shape->ldc);
    a += whole * shape->lda;
    c += whole * shape->ldc;
    switch (rows - whole) {
        case 1: dot_row(shape, columns, a, b, c); break;
        case 2: dot_tiles(2, shape, 2, columns, a, b, c); break;
        case 3: dot_tiles(3, shape, 3, columns, a, b, c); break;
    }
}
