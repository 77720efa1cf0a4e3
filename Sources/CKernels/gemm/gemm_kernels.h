// The GEMM micro-kernels: a register tile for each way in which its operands lie.
#include "gemm/tile_variants.h"
#include "swiftnn/runtime.h"

/// Of B mostly, where it streams from the second-level cache and the prefetcher of the first lags behind.
enum { tile_prefetched_rows = 32 };

/// Pointers to the first row of A and to every one that is not reached from the one before.
SIMD_CASE_INLINE void tile_reach_rows(const tile_form form, const float *a, size_t a_row, tile_position *at) {
    at->a_row = a_row;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i += form.reach) at->a[i / form.reach] = a + i * a_row;
}

SIMD_CASE_INLINE void gemm_tile_sized(const size_t rows, const size_t vectors, const size_t reach, const bool packed,
    const bool masked, const snn_tile *tile) {
    const tile_form form = {
        .rows = rows,
        .vectors = vectors,
        .parts = TILE_PARTS(vectors),
        .reach = reach,
        .embeds = packed,
        .masked = masked,
        .fetches = true,
        .fetches_next = true,
    };
    const size_t b_depth = packed ? SIMD_TILE_COLUMNS : tile->b_depth;
    tile_position at = {
        .a_depth = reach == rows_side_by_side ? tile->a_depth : 1,
        .b = tile->b,
        .b_depth = b_depth,
        .ahead = tile->ahead != NULL ? tile->ahead : tile->b + tile_prefetched_rows * b_depth,
        .ahead_depth = tile->ahead != NULL ? tile->ahead_depth : b_depth,
        .next_a = tile->next_a != NULL ? tile->next_a : tile->a,
        .tail = tile->columns - (vectors - 1) * SIMD_WIDTH,
    };
    tile_reach_rows(form, tile->a, reach == rows_side_by_side ? 1 : tile->a_row, &at);
    float *c[SIMD_TALL_TILE_ROWS];
    tile_locate_rows(form, tile->c, tile->c_row, c);
    tile_accumulators acc;
    tile_clear(form, acc);
    tile_fetch(form, c);
    tile_accumulate_last(form, acc, tile->depth, &at, c);
    tile_store(form, acc, tile->columns, tile->alpha, tile->beta, tile->bias, c);
}

/// The forms of the tile: rows of A apart or side by side, panels of B or its rows as they lie, the last vector of
/// which is whole or not.
#define GEMM_TILE_FORM(NAME, REACH, PACKED, MASKED)                                                \
    SIMD_INLINE void NAME##_sized(const size_t rows, const size_t vectors, const snn_tile *tile) { \
        gemm_tile_sized(rows, vectors, REACH, PACKED, MASKED, tile);                               \
    }                                                                                              \
    TILE_VARIANTS(NAME, snn_tile)
GEMM_TILE_FORM(gemm_packed_apart, rows_apart, true, false)
GEMM_TILE_FORM(gemm_packed_side_by_side, rows_side_by_side, true, false)
GEMM_TILE_FORM(gemm_whole_apart, rows_apart, false, false)
GEMM_TILE_FORM(gemm_whole_side_by_side, rows_side_by_side, false, false)
GEMM_TILE_FORM(gemm_masked_apart, rows_apart, false, true)
GEMM_TILE_FORM(gemm_masked_side_by_side, rows_side_by_side, false, true)

static void gemm_tile(const snn_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
    const bool apart = tile->a_row != 1, whole = tile->columns % SIMD_WIDTH == 0;
    if (tile->b_packed) {
        apart ? TILE_CALL(gemm_packed_apart, tile) : TILE_CALL(gemm_packed_side_by_side, tile);
    } else if (whole) {
        apart ? TILE_CALL(gemm_whole_apart, tile) : TILE_CALL(gemm_whole_side_by_side, tile);
    } else {
        apart ? TILE_CALL(gemm_masked_apart, tile) : TILE_CALL(gemm_masked_side_by_side, tile);
    }
}

SIMD_CASE_INLINE void gemm_indirect_tile_sized(const size_t rows, const size_t vectors, const snn_indirect_tile *tile) {
    const tile_form form = {
        .rows = rows,
        .vectors = vectors,
        .parts = TILE_PARTS(vectors),
        .reach = rows_anywhere,
        .fetches = true,
    };
    float *c[SIMD_TALL_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) c[i] = tile->c[i] + tile->c_offset;
    tile_accumulators acc;
    tile_clear(form, acc);
    tile_fetch(form, c);
    for (size_t t = 0; t < tile->taps; t++) {
        if (t > 0 && t == tile->taps - 1) tile_fetch(form, c);
        const float *b = tile->b + tile->b_tap[t] * tile->depth * SIMD_TILE_COLUMNS;
        tile_position at = {
            .a_depth = 1,
            .b = b,
            .b_depth = SIMD_TILE_COLUMNS,
            .ahead = b + tile_prefetched_rows * SIMD_TILE_COLUMNS,
            .ahead_depth = SIMD_TILE_COLUMNS,
        };
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) at.a[i] = tile->a[t * rows + i] + tile->a_offset;
        tile_accumulate(form, acc, tile->depth, &at);
    }
    tile_store(form, acc, tile->columns, 1, tile->beta, tile->bias, c);
}

TILE_VARIANTS(gemm_indirect_tile, snn_indirect_tile)

static void gemm_indirect_tile(const snn_indirect_tile *tile) {
    if (tile->rows > 0 && tile->columns > 0) TILE_CALL(gemm_indirect_tile, tile);
}

SIMD_CASE_INLINE void gemm_grid_tile_sized(const size_t rows, const size_t vectors, const snn_grid_tile *tile) {
    const tile_form form = {.rows = rows, .vectors = vectors, .parts = 1, .reach = rows_apart};
    float *c[SIMD_TALL_TILE_ROWS];
    tile_locate_rows(form, tile->c, tile->c_row, c);
    tile_accumulators acc;
    tile_clear(form, acc);
    tile_fetch(form, c);
    for (size_t down = 0; down < tile->tap_rows; down++) {
        const float *a = tile->a + (ptrdiff_t)down * tile->a_down, *b = tile->b + down * tile->b_down;
        for (size_t right = 0; right < tile->tap_columns; right++) {
            tile_position at = {.a_depth = 1, .b = b, .b_depth = SIMD_TILE_COLUMNS};
            tile_reach_rows(form, a, tile->a_row, &at);
            tile_accumulate(form, acc, tile->depth, &at);
            a += tile->a_right;
            b += tile->b_right;
        }
    }
    tile_store(form, acc, tile->columns, 1, tile->beta, tile->bias, c);
}

TILE_VARIANTS(gemm_grid_tile, snn_grid_tile)

/// Makes one sum of a line of taps that lie behind one another in A and in B.
static void join_taps(snn_grid_tile *tile) {
    const size_t depth = tile->depth;
    if (tile->a_right != (ptrdiff_t)depth || tile->b_right != depth * SIMD_TILE_COLUMNS) return;
    tile->depth *= tile->tap_columns;
    tile->tap_columns = 1;
}

static void gemm_grid_tile(const snn_grid_tile *tile) {
    if (tile->columns == 0) return;
    const size_t most_rows = tile->columns > SIMD_WIDTH ? SIMD_TILE_ROWS : SIMD_TALL_TILE_ROWS;
    const size_t tiles = snn_ceil_div(tile->rows, most_rows);
    if (tiles == 0) return;
    const size_t fewest = tile->rows / tiles, with_one_more = tile->rows % tiles;
    snn_grid_tile part = *tile;
    join_taps(&part);
    for (size_t t = 0; t < tiles; t++) {
        part.rows = fewest + (t < with_one_more);
        TILE_CALL(gemm_grid_tile, &part);
        part.a += part.rows * part.a_row;
        part.c += part.rows * part.c_row;
    }
}
