// AVX2 and FMA: 8 floats a vector, 16 registers.
#define SIMD_WIDTH 8
#define SIMD_TILE_ROWS 6
#define SIMD_TILE_VECTORS 2
#include "simd/vector.h"

SIMD_INLINE __m256i v_first_lanes(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

SIMD_INLINE vf v_load_n(const float *p, size_t n) { return (vf)_mm256_maskload_ps(p, v_first_lanes(n)); }

/// In parts, for a masked store takes many cycles on AMD's cores.
SIMD_INLINE void v_store_n(float *p, vf v, size_t n) {
    __m128 rest = _mm256_castps256_ps128((__m256)v);
    if (n & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, rest);
        rest = _mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, rest);
}

#define SIMD_HAS_PERMUTE
SIMD_INLINE vf v_permute(vf v, vi index) { return (vf)_mm256_permutevar8x32_ps((__m256)v, (__m256i)index); }

SIMD_INLINE vf v_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
