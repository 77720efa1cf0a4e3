// AVX-512: 16 floats a vector, 32 registers.
#define SIMD_WIDTH 16
#define SIMD_TILE_ROWS 14
#define SIMD_TILE_VECTORS 2
#include "simd/vector.h"

#if defined(SWIFTNN_EMULATE_AVX512)
#include "simd/partial.h"
#else
SIMD_INLINE __mmask16 v_first_lanes(size_t n) { return (__mmask16)((1u << n) - 1); }

SIMD_INLINE vf v_load_n(const float *p, size_t n) { return (vf)_mm512_maskz_loadu_ps(v_first_lanes(n), p); }

SIMD_INLINE void v_store_n(float *p, vf v, size_t n) { _mm512_mask_storeu_ps(p, v_first_lanes(n), (__m512)v); }

#define SIMD_HAS_PERMUTE
SIMD_INLINE vf v_permute(vf v, vi index) { return (vf)_mm512_permutexvar_ps((__m512i)index, (__m512)v); }

#define SIMD_HAS_PERMUTE_PAIR
SIMD_INLINE vf v_permute_pair(vf low, vf high, vi index) {
    return (vf)_mm512_permutex2var_ps((__m512)low, (__m512i)index, (__m512)high);
}

#define SIMD_HAS_MASKED_U16
SIMD_INLINE vi v_from_u16_n(const uint16_t *p, size_t n) {
    return (vi)_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(v_first_lanes(n), p));
}

SIMD_INLINE void v_store_u16_n(uint16_t *p, vi v, size_t n) {
    _mm512_mask_cvtepi32_storeu_epi16(p, v_first_lanes(n), (__m512i)v);
}
#endif

SIMD_INLINE vf v_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }

#if !defined(SWIFTNN_EMULATE_AVX512)
#define SIMD_HAS_ELEMENTS
// Volatile, for then they stay in order: where the compiler puts many broadcasts first, or leaves multiplications for
// later, it runs out of registers.
SIMD_INLINE vf v_load_element(const float *a) {
    vf v;
    __asm__ volatile("vbroadcastss %1, %0" : "=v"(v) : "m"(*a));
    return v;
}

SIMD_INLINE vf v_fma_element(const float *a, vf b, vf c) {
    __asm__ volatile("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(c) : "m"(*a), "v"(b));
    return c;
}

SIMD_INLINE vf v_fma_in_order(vf a, vf b, vf c) {
    __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(c) : "v"(a), "v"(b));
    return c;
}
#endif
