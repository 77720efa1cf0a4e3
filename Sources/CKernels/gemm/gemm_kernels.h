// The GEMM micro-kernels: a block of accumulators that stays in registers while the depth runs.
#include "gemm/tile.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

// Under a sanitizer, whose checks would take minutes to compile in every variant of a tile, one variant serves all: the
// loops over its rows and vectors then stay loops.
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SNN_ONE_TILE_VARIANT
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

/// So many rows ahead are fetched into the first-level cache: mostly of B, where it streams from the second-level cache
/// and the prefetcher of the first lags behind.
enum { tile_prefetched_rows = 16 };

/// Rows of a tile of a single vector, where a kernel takes so many: enough sums for none to wait for its last addition.
#define SIMD_TALL_TILE_ROWS (SIMD_TILE_ROWS < 8 ? 2 * SIMD_TILE_ROWS : SIMD_TILE_ROWS)

typedef vf tile_accumulators[SIMD_TALL_TILE_ROWS][SIMD_TILE_VECTORS];

/// A tile of a single vector has few sums, each of which waits for its last addition: it sums every other k apart, in
/// the place of a second vector. The order of the additions follows from the number of columns alone.
#define TILE_PARTS(VECTORS) ((VECTORS) == 1 ? 2 : 1)

/// acc += row k of B times column k of A, to the accumulators from `part` on; as many numbers as a row of B has are
/// fetched `ahead`.
SIMD_INLINE void tile_multiply(const size_t rows, const size_t vectors, const bool masked, const size_t part,
    tile_accumulators acc, const float *const *a, size_t a_k, const float *b, const float *ahead, size_t tail) {
    vf row_of_b[SIMD_TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const float *p = b + v * SIMD_WIDTH;
        if (v * SIMD_WIDTH % 16 == 0) __builtin_prefetch(ahead + v * SIMD_WIDTH);
        row_of_b[v] = masked && v == vectors - 1 ? v_load_n(p, tail) : v_load(p);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
        vf element = v_set1(a[i][a_k]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) acc[i][part + v] = v_fma(element, row_of_b[v], acc[i][part + v]);
    }
}

/// acc += A * B over `depth`. `rows`, `vectors` and `masked` are constants at every call, so the loops over
/// them unroll and acc lives in registers. Where masked, only `tail` lanes of the last vector of B may be read. With
/// every row of B one of what is needed next is fetched, which lie ahead_depth apart.
SIMD_INLINE void tile_accumulate(const size_t rows, const size_t vectors, const bool masked, tile_accumulators acc,
    size_t depth, const float *const *a, size_t a_depth, const float *b, size_t b_depth, const float *ahead,
    size_t ahead_depth, size_t tail) {
    const size_t parts = TILE_PARTS(vectors), whole = depth - depth % parts;
    for (size_t k = 0; k < whole; k += parts) {
#pragma clang loop unroll(full)
        for (size_t part = 0; part < parts; part++) {
            const size_t row = k + part;
            tile_multiply(rows, vectors, masked, part, acc, a, row * a_depth, b + row * b_depth,
                ahead + (row + tile_prefetched_rows) * ahead_depth, tail);
        }
    }
    if (whole == depth) return;
    tile_multiply(rows, vectors, masked, 0, acc, a, whole * a_depth, b + whole * b_depth,
        ahead + (whole + tile_prefetched_rows) * ahead_depth, tail);
}

SIMD_INLINE void tile_clear(const size_t rows, const size_t vectors, tile_accumulators acc) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors * TILE_PARTS(vectors); v++) acc[i][v] = v_zero();
    }
}

/// C = alpha * acc + beta * C + bias.
SIMD_INLINE void tile_store(const size_t rows, const size_t vectors, const size_t parts, tile_accumulators acc,
    size_t columns, float alpha, float beta, const float *bias, float *const *c) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const size_t lanes = v == vectors - 1 ? columns - v * SIMD_WIDTH : SIMD_WIDTH;
        const vf offset = bias != NULL ? v_load_lanes(bias + v * SIMD_WIDTH, lanes) : v_zero();
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            float *out = c[i] + v * SIMD_WIDTH;
            const vf sum = parts == 2 ? acc[i][0] + acc[i][1] : acc[i][v];
            vf result = v_fma(v_set1(alpha), sum, offset);
            if (beta != 0) result = v_fma(v_set1(beta), v_load_lanes(out, lanes), result);
            v_store_lanes(out, result, lanes);
        }
    }
}

/// Fetches C, which would else be waited for when all is summed.
SIMD_INLINE void tile_fetch(const size_t rows, const size_t vectors, const float *c, size_t c_row) {
    const size_t line = SNN_ALIGNMENT / sizeof(float);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
        for (size_t v = 0; v < vectors * SIMD_WIDTH; v += line) __builtin_prefetch(c + i * c_row + v, 1);
    }
}

SIMD_INLINE void gemm_tile_sized(const size_t rows, const size_t vectors, const bool masked, const snn_tile *tile) {
    tile_accumulators acc;
    tile_clear(rows, vectors, acc);
    tile_fetch(rows, vectors, tile->c, tile->c_row);
    const float *a[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) a[i] = tile->a + i * tile->a_row;
    tile_accumulate(rows, vectors, masked, acc, tile->depth, a, tile->a_depth, tile->b, tile->b_depth, tile->b,
        tile->b_depth, tile->columns - (vectors - 1) * SIMD_WIDTH);
    float *c[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) c[i] = tile->c + i * tile->c_row;
    tile_store(rows, vectors, TILE_PARTS(vectors), acc, tile->columns, tile->alpha, tile->beta, tile->bias, c);
}

SIMD_INLINE void gemm_indirect_tile_sized(const size_t rows, const size_t vectors, const snn_indirect_tile *tile) {
    tile_accumulators acc;
    tile_clear(rows, vectors, acc);
    for (size_t t = 0; t < tile->taps; t++) {
        const float *a[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) a[i] = tile->a[t * rows + i] + tile->a_offset;
        const float *b = tile->b + tile->b_tap[t] * tile->depth * SIMD_TILE_COLUMNS;
        tile_accumulate(rows, vectors, false, acc, tile->depth, a, 1, b, SIMD_TILE_COLUMNS, b, SIMD_TILE_COLUMNS, 0);
    }
    float *c[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) c[i] = tile->c[i] + tile->c_offset;
    tile_store(rows, vectors, TILE_PARTS(vectors), acc, tile->columns, 1, tile->beta, tile->bias, c);
}

/// Rows reached from one pointer: the row itself, and by an address that takes a distance once and twice.
#define ROWS_A_POINTER 3

/// acc += the products of one tap.
SIMD_INLINE void tile_accumulate_tap(const size_t rows, const size_t vectors, tile_accumulators acc, size_t depth,
    const float *a, size_t a_row, const float *b) {
    const float *pointers[SIMD_TALL_TILE_ROWS / ROWS_A_POINTER + 1];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i += ROWS_A_POINTER) pointers[i / ROWS_A_POINTER] = a + i * a_row;
    for (size_t k = 0; k < depth; k++) {
        vf row_of_b[SIMD_TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) row_of_b[v] = v_load(b + k * SIMD_TILE_COLUMNS + v * SIMD_WIDTH);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            const float **pointer = &pointers[i / ROWS_A_POINTER];
            const vf element = v_set1((*pointer)[i % ROWS_A_POINTER * a_row]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) acc[i][v] = v_fma(element, row_of_b[v], acc[i][v]);
            if (i % ROWS_A_POINTER == ROWS_A_POINTER - 1 || i == rows - 1) {
                ++*pointer;
                // Hidden from the compiler, which would else compute each address from the one before.
                __asm__("" : "+r"(*pointer));
            }
        }
    }
}

SIMD_INLINE void gemm_grid_tile_sized(const size_t rows, const size_t vectors, const snn_grid_tile *tile) {
    tile_accumulators acc;
    tile_clear(rows, vectors, acc);
    for (size_t down = 0; down < tile->tap_rows; down++) {
        const float *a = tile->a + (ptrdiff_t)down * tile->a_down, *b = tile->b + down * tile->b_down;
        for (size_t right = 0; right < tile->tap_columns; right++) {
            tile_accumulate_tap(rows, vectors, acc, tile->depth, a, tile->a_row, b);
            a += tile->a_right;
            b += tile->b_right;
        }
    }
    float *c[SIMD_TALL_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) c[i] = tile->c + i * tile->c_row;
    tile_store(rows, vectors, 1, acc, tile->columns, 1, tile->beta, tile->bias, c);
}

// A tile has a compiled variant for every number of rows and of vectors: `rows` and `vectors` become constants. TALL is
// the most rows of a tile of one vector.
#ifdef SNN_ONE_TILE_VARIANT
#define TILE_ROW_CASES(CALL, V, MOST) CALL(tile->rows, V);
#define TILE_CASES(CALL, TALL) CALL(tile->rows, (tile->columns + SIMD_WIDTH - 1) / SIMD_WIDTH);
#else
#define TILE_ROW_CASE(CALL, R, V, MOST) \
    case R:                             \
        if (R <= (MOST)) CALL(R, V);    \
        break;
#define TILE_ROW_CASES(CALL, V, MOST)    \
    switch (tile->rows) {                \
        TILE_ROW_CASE(CALL, 1, V, MOST)  \
        TILE_ROW_CASE(CALL, 2, V, MOST)  \
        TILE_ROW_CASE(CALL, 3, V, MOST)  \
        TILE_ROW_CASE(CALL, 4, V, MOST)  \
        TILE_ROW_CASE(CALL, 5, V, MOST)  \
        TILE_ROW_CASE(CALL, 6, V, MOST)  \
        TILE_ROW_CASE(CALL, 7, V, MOST)  \
        TILE_ROW_CASE(CALL, 8, V, MOST)  \
        TILE_ROW_CASE(CALL, 9, V, MOST)  \
        TILE_ROW_CASE(CALL, 10, V, MOST) \
        TILE_ROW_CASE(CALL, 11, V, MOST) \
        TILE_ROW_CASE(CALL, 12, V, MOST) \
        TILE_ROW_CASE(CALL, 13, V, MOST) \
        TILE_ROW_CASE(CALL, 14, V, MOST) \
    }
#if SIMD_TILE_VECTORS > 2
#define TILE_CASES(CALL, TALL)                                 \
    switch ((tile->columns + SIMD_WIDTH - 1) / SIMD_WIDTH) {   \
        case 1: TILE_ROW_CASES(CALL, 1, TALL) break;           \
        case 2: TILE_ROW_CASES(CALL, 2, SIMD_TILE_ROWS) break; \
        case 3: TILE_ROW_CASES(CALL, 3, SIMD_TILE_ROWS) break; \
        case 4: TILE_ROW_CASES(CALL, 4, SIMD_TILE_ROWS) break; \
    }
#else
#define TILE_CASES(CALL, TALL)                  \
    if (tile->columns > SIMD_WIDTH)             \
        TILE_ROW_CASES(CALL, 2, SIMD_TILE_ROWS) \
    else                                        \
        TILE_ROW_CASES(CALL, 1, TALL)
#endif
#endif

static void gemm_tile(const snn_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
    if (tile->b_padded || tile->columns % SIMD_WIDTH == 0) {
#define CALL(R, V) gemm_tile_sized(R, V, false, tile)
        TILE_CASES(CALL, SIMD_TILE_ROWS)
#undef CALL
    } else {
#define CALL(R, V) gemm_tile_sized(R, V, true, tile)
        TILE_CASES(CALL, SIMD_TILE_ROWS)
#undef CALL
    }
}

static void gemm_indirect_tile(const snn_indirect_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
#define CALL(R, V) gemm_indirect_tile_sized(R, V, tile)
    TILE_CASES(CALL, SIMD_TILE_ROWS)
#undef CALL
}

/// One tile. Not inlined, or what all variants have in common would be kept in memory for all of them.
static __attribute__((noinline)) void gemm_grid_rows(const snn_grid_tile *tile) {
#define CALL(R, V) gemm_grid_tile_sized(R, V, tile)
    TILE_CASES(CALL, SIMD_TALL_TILE_ROWS)
#undef CALL
}

static void gemm_grid_tile(const snn_grid_tile *tile) {
    if (tile->columns == 0) return;
    const size_t most_rows = tile->columns > SIMD_WIDTH ? SIMD_TILE_ROWS : SIMD_TALL_TILE_ROWS;
    const size_t tiles = snn_ceil_div(tile->rows, most_rows);
    if (tiles == 0) return;
    const size_t fewest = tile->rows / tiles, with_one_more = tile->rows % tiles;
    snn_grid_tile part = *tile;
    for (size_t t = 0; t < tiles; t++) {
        part.rows = fewest + (t < with_one_more);
        gemm_grid_rows(&part);
        part.a += part.rows * part.a_row;
        part.c += part.rows * part.c_row;
    }
}
