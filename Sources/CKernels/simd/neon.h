// NEON (aarch64): 4 floats a vector, 32 registers.
#define SIMD_WIDTH 4
#define SIMD_TILE_ROWS 6
#define SIMD_TILE_VECTORS 4
#include "simd/vector.h"
#include "simd/partial.h"

SIMD_INLINE vf v_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
