// The compiled variants of a tile: one for every number of rows and of vectors, for which both are constants, each a
// function by itself, for what is inlined into one is compiled as a whole. TILE_VARIANTS(NAME, TYPE) makes them of
// NAME_sized(rows, vectors, tile), and TILE_CALL(NAME, tile) calls the one for a tile of some rows and columns.
#include "gemm/tile_sums.h"

SIMD_INLINE size_t tile_vectors(size_t columns) { return (columns + SIMD_WIDTH - 1) / SIMD_WIDTH; }

#ifdef SIMD_HAS_ONE_CASE
#define TILE_VARIANTS(NAME, TYPE)
#define TILE_CALL(NAME, TILE) NAME##_sized((TILE)->rows, tile_vectors((TILE)->columns), TILE)
#else

/// Those of a tier that has no registers for them are empty.
#define TILE_HAS_VARIANT(V, R) ((V) <= SIMD_TILE_VECTORS && (R) <= ((V) == 1 ? SIMD_TALL_TILE_ROWS : SIMD_TILE_ROWS))

// clang-format off
#define TILE_VARIANT(NAME, TYPE, V, R) \
    static void NAME##_##V##_##R(const TYPE *tile) { if (TILE_HAS_VARIANT(V, R)) NAME##_sized(R, V, tile); }
#define TILE_VARIANT_NAME(NAME, TYPE, V, R) NAME##_##V##_##R,

/// What X makes of every number of rows up to SNN_MAX_TILE_ROWS.
#define TILE_ROWS(X, NAME, TYPE, V) \
    X(NAME, TYPE, V, 1) X(NAME, TYPE, V, 2) X(NAME, TYPE, V, 3) X(NAME, TYPE, V, 4) X(NAME, TYPE, V, 5) \
    X(NAME, TYPE, V, 6) X(NAME, TYPE, V, 7) X(NAME, TYPE, V, 8) X(NAME, TYPE, V, 9) X(NAME, TYPE, V, 10) \
    X(NAME, TYPE, V, 11) X(NAME, TYPE, V, 12) X(NAME, TYPE, V, 13) X(NAME, TYPE, V, 14)

#define TILE_VARIANTS(NAME, TYPE) \
    TILE_ROWS(TILE_VARIANT, NAME, TYPE, 1) \
    TILE_ROWS(TILE_VARIANT, NAME, TYPE, 2) \
    TILE_ROWS(TILE_VARIANT, NAME, TYPE, 3) \
    TILE_ROWS(TILE_VARIANT, NAME, TYPE, 4) \
    static void (*const NAME##_variants[][SNN_MAX_TILE_ROWS])(const TYPE *) = { \
        {TILE_ROWS(TILE_VARIANT_NAME, NAME, TYPE, 1)}, \
        {TILE_ROWS(TILE_VARIANT_NAME, NAME, TYPE, 2)}, \
        {TILE_ROWS(TILE_VARIANT_NAME, NAME, TYPE, 3)}, \
        {TILE_ROWS(TILE_VARIANT_NAME, NAME, TYPE, 4)}, \
    };
#define TILE_CALL(NAME, TILE) NAME##_variants[tile_vectors((TILE)->columns) - 1][(TILE)->rows - 1](TILE)
// clang-format on
#endif
