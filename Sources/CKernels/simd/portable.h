// Any CPU: 4 floats a vector (SSE2 on x86-64), multiplication and addition rounded separately.
#define SIMD_WIDTH 4
#define SIMD_TILE_ROWS 4
#define SIMD_TILE_VECTORS 2
#include "simd/vector.h"
#include "simd/partial.h"

SIMD_INLINE vf v_fma(vf a, vf b, vf c) { return a * b + c; }
