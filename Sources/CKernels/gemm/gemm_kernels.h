// The GEMM micro-kernels: a block of accumulators that stays in registers while the depth runs.
#include "gemm/tile.h"

// Under a sanitizer, whose checks would take minutes to compile in every variant of a tile, one variant serves all: the
// loops over its rows and vectors then stay loops.
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SNN_ONE_TILE_VARIANT
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

/// So many rows of B ahead are fetched into the first-level cache, whose own prefetcher lags behind where B streams
/// from the second.
enum { tile_prefetched_rows = 16 };

typedef vf tile_accumulators[SIMD_TILE_ROWS][SIMD_TILE_VECTORS];

/// acc += A * B over `depth`. `rows`, `vectors` and `masked` are constants at every call, so the loops over them unroll
/// and acc lives in registers. Where masked, only `tail` lanes of the last vector of B may be read.
SIMD_INLINE void tile_accumulate(const size_t rows, const size_t vectors, const bool masked, tile_accumulators acc,
    size_t depth, const float *const *a, size_t a_depth, const float *b, size_t b_depth, size_t tail) {
    for (size_t k = 0; k < depth; k++) {
        vf row_of_b[SIMD_TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
            const float *p = b + k * b_depth + v * SIMD_WIDTH;
            if (v * SIMD_WIDTH % 16 == 0) __builtin_prefetch(p + tile_prefetched_rows * b_depth);
            row_of_b[v] = masked && v == vectors - 1 ? v_load_n(p, tail) : v_load(p);
        }
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            vf element = v_set1(a[i][k * a_depth]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) acc[i][v] = v_fma(element, row_of_b[v], acc[i][v]);
        }
    }
}

SIMD_INLINE void tile_clear(const size_t rows, const size_t vectors, tile_accumulators acc) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) acc[i][v] = v_zero();
    }
}

/// C = alpha * acc + beta * C + bias.
SIMD_INLINE void tile_store(const size_t rows, const size_t vectors, tile_accumulators acc, size_t columns, float alpha,
    float beta, const float *bias, float *const *c) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const size_t lanes = v == vectors - 1 ? columns - v * SIMD_WIDTH : SIMD_WIDTH;
        const vf offset = bias != NULL ? v_load_lanes(bias + v * SIMD_WIDTH, lanes) : v_zero();
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            float *out = c[i] + v * SIMD_WIDTH;
            vf result = v_fma(v_set1(alpha), acc[i][v], offset);
            if (beta != 0) result = v_fma(v_set1(beta), v_load_lanes(out, lanes), result);
            v_store_lanes(out, result, lanes);
        }
    }
}

SIMD_INLINE void gemm_tile_sized(const size_t rows, const size_t vectors, const bool masked, const snn_tile *tile) {
    tile_accumulators acc;
    tile_clear(rows, vectors, acc);
    const size_t tail = tile->columns - (vectors - 1) * SIMD_WIDTH;
    for (size_t t = 0; t < tile->batch; t++) {
        const float *a[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) a[i] = tile->a + t * tile->a_batch + i * tile->a_row;
        tile_accumulate(rows, vectors, masked, acc, tile->depth, a, tile->a_depth, tile->b + t * tile->b_batch,
            tile->b_depth, tail);
    }
    float *c[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) c[i] = tile->c + i * tile->c_row;
    tile_store(rows, vectors, acc, tile->columns, tile->alpha, tile->beta, tile->bias, c);
}

SIMD_INLINE void gemm_indirect_tile_sized(const size_t rows, const size_t vectors, const snn_indirect_tile *tile) {
    tile_accumulators acc;
    tile_clear(rows, vectors, acc);
    for (size_t t = 0; t < tile->taps; t++) {
        const float *a[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) a[i] = tile->a[t * rows + i] + tile->a_offset;
        const float *b = tile->b + tile->b_tap[t] * tile->depth * SIMD_TILE_COLUMNS;
        tile_accumulate(rows, vectors, false, acc, tile->depth, a, 1, b, SIMD_TILE_COLUMNS, 0);
    }
    float *c[SIMD_TILE_ROWS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) c[i] = tile->c[i] + tile->c_offset;
    tile_store(rows, vectors, acc, tile->columns, 1, tile->beta, tile->bias, c);
}

// A tile has a compiled variant for every number of rows and of vectors: `rows` and `vectors` become constants.
#ifdef SNN_ONE_TILE_VARIANT
#define TILE_ROW_CASES(CALL, V) CALL(tile->rows, V);
#define TILE_VECTOR_CASES(CALL) CALL(tile->rows, (tile->columns + SIMD_WIDTH - 1) / SIMD_WIDTH);
#else
#if SIMD_TILE_ROWS > 6
#define TILE_ROW_CASES_ABOVE_6(CALL, V) \
    case 7: CALL(7, V); break;          \
    case 8: CALL(8, V); break;          \
    case 9: CALL(9, V); break;          \
    case 10: CALL(10, V); break;        \
    case 11: CALL(11, V); break;        \
    case 12: CALL(12, V); break;        \
    case 13: CALL(13, V); break;        \
    case 14:                            \
        CALL(14, V);                    \
        break;
#else
#define TILE_ROW_CASES_ABOVE_6(CALL, V)
#endif
#if SIMD_TILE_ROWS > 4
#define TILE_ROW_CASES_ABOVE_4(CALL, V) \
    case 5: CALL(5, V); break;          \
    case 6:                             \
        CALL(6, V);                     \
        break;                          \
        TILE_ROW_CASES_ABOVE_6(CALL, V)
#else
#define TILE_ROW_CASES_ABOVE_4(CALL, V)
#endif
#define TILE_ROW_CASES(CALL, V)             \
    switch (tile->rows) {                   \
        case 1: CALL(1, V); break;          \
        case 2: CALL(2, V); break;          \
        case 3: CALL(3, V); break;          \
        case 4:                             \
            CALL(4, V);                     \
            break;                          \
            TILE_ROW_CASES_ABOVE_4(CALL, V) \
    }
#if SIMD_TILE_VECTORS > 2
#define TILE_VECTOR_CASES(CALL)                              \
    switch ((tile->columns + SIMD_WIDTH - 1) / SIMD_WIDTH) { \
        case 1: TILE_ROW_CASES(CALL, 1) break;               \
        case 2: TILE_ROW_CASES(CALL, 2) break;               \
        case 3: TILE_ROW_CASES(CALL, 3) break;               \
        case 4: TILE_ROW_CASES(CALL, 4) break;               \
    }
#else
#define TILE_VECTOR_CASES(CALL)     \
    if (tile->columns > SIMD_WIDTH) \
        TILE_ROW_CASES(CALL, 2)     \
    else                            \
        TILE_ROW_CASES(CALL, 1)
#endif
#endif

static void gemm_tile(const snn_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
    if (tile->b_padded || tile->columns % SIMD_WIDTH == 0) {
#define CALL(R, V) gemm_tile_sized(R, V, false, tile)
        TILE_VECTOR_CASES(CALL)
#undef CALL
    } else {
#define CALL(R, V) gemm_tile_sized(R, V, true, tile)
        TILE_VECTOR_CASES(CALL)
#undef CALL
    }
}

static void gemm_indirect_tile(const snn_indirect_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
#define CALL(R, V) gemm_indirect_tile_sized(R, V, tile)
    TILE_VECTOR_CASES(CALL)
#undef CALL
}
