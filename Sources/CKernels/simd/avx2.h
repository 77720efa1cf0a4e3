// AVX2 and FMA: 8 floats a vector, 16 registers.
#define SIMD_WIDTH 8
#define SIMD_TILE_ROWS 6
#define SIMD_TILE_VECTORS 2
#include "simd/vector.h"

SIMD_INLINE __m256i v_first_lanes(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

SIMD_INLINE vf v_load_n(const float *p, size_t n) { return (vf)_mm256_maskload_ps(p, v_first_lanes(n)); }

SIMD_INLINE void v_store_n(float *p, vf v, size_t n) { _mm256_maskstore_ps(p, v_first_lanes(n), (__m256)v); }

SIMD_INLINE vf v_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
