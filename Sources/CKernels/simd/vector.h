// What every instruction set shares: vectors of SIMD_WIDTH floats as clang's extended vectors, whose operators
// (+ - * / < ? :) the compiler turns into the best instructions of the target in force.
//
// A tier's header defines SIMD_WIDTH, the register tile (SIMD_TILE_ROWS x SIMD_TILE_VECTORS accumulators) and, after
// including this file, v_load_n, v_store_n and v_fma. It is included once, inside the target pragma of its tier.
#define SIMD_INLINE static inline __attribute__((always_inline, unused))
/// The same for what is compiled for very many cases. Under a sanitizer, whose checks would take minutes to compile in
/// every one, a single function serves all: its loops then stay loops.
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SIMD_HAS_ONE_CASE
#define SIMD_CASE_INLINE static __attribute__((noinline, unused))
#pragma clang diagnostic ignored "-Wpass-failed"
#else
#define SIMD_CASE_INLINE SIMD_INLINE
#endif
/// Columns of the register tile, which is also the width of a packed panel.
#define SIMD_TILE_COLUMNS (SIMD_WIDTH * SIMD_TILE_VECTORS)

typedef float vf __attribute__((ext_vector_type(SIMD_WIDTH)));
typedef double vd __attribute__((ext_vector_type(SIMD_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(SIMD_WIDTH)));
typedef uint32_t vu __attribute__((ext_vector_type(SIMD_WIDTH)));
typedef float vf_unaligned __attribute__((ext_vector_type(SIMD_WIDTH), aligned(4)));
typedef int32_t vi_unaligned __attribute__((ext_vector_type(SIMD_WIDTH), aligned(4)));
typedef uint8_t vu8_unaligned __attribute__((ext_vector_type(SIMD_WIDTH), aligned(1)));
typedef uint16_t vu16_unaligned __attribute__((ext_vector_type(SIMD_WIDTH), aligned(2)));

SIMD_INLINE vf v_load(const float *p) { return *(const vf_unaligned *)p; }
SIMD_INLINE void v_store(float *p, vf v) { *(vf_unaligned *)p = v; }
/// To a whole vector's place, past the caches: for numbers that are read much later, after a fence.
SIMD_INLINE void v_stream(float *p, vf v) { __builtin_nontemporal_store(v, (vf *)p); }
SIMD_INLINE vf v_set1(float x) { return (vf)x; }
SIMD_INLINE vf v_zero(void) { return (vf)0.0f; }
SIMD_INLINE vf v_max(vf a, vf b) { return a > b ? a : b; }
SIMD_INLINE vf v_min(vf a, vf b) { return a < b ? a : b; }
SIMD_INLINE vf v_abs(vf a) { return __builtin_elementwise_abs(a); }
SIMD_INLINE vf v_sqrt(vf a) { return __builtin_elementwise_sqrt(a); }
SIMD_INLINE vi v_load_i32(const int32_t *p) { return *(const vi_unaligned *)p; }
SIMD_INLINE vf v_from_u8(const uint8_t *p) { return __builtin_convertvector(*(const vu8_unaligned *)p, vf); }
SIMD_INLINE vi v_from_u16(const uint16_t *p) { return __builtin_convertvector(*(const vu16_unaligned *)p, vi); }
SIMD_INLINE void v_store_u16(uint16_t *p, vi v) { *(vu16_unaligned *)p = __builtin_convertvector(v, vu16_unaligned); }

/// The sum of the lanes, halves added pairwise: always in the same order.
SIMD_INLINE float v_sum(vf v) {
    float lanes[SIMD_WIDTH];
    v_store(lanes, v);
    for (size_t half = SIMD_WIDTH / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    }
    return lanes[0];
}

/// Sums in double. A vd is passed by pointer, for the target may have no register of its size.
SIMD_INLINE void v_add_to(vd *sum, vf v) { *sum += __builtin_convertvector(v, vd); }

SIMD_INLINE void v_add_product(vd *sum, vf a, vf b) {
    *sum += __builtin_convertvector(a, vd) * __builtin_convertvector(b, vd);
}

/// Halves added pairwise, as in v_sum.
SIMD_INLINE double v_total(const vd *sum) {
    double lanes[SIMD_WIDTH];
    for (size_t lane = 0; lane < SIMD_WIDTH; lane++) lanes[lane] = (*sum)[lane];
    for (size_t half = SIMD_WIDTH / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    }
    return lanes[0];
}

SIMD_INLINE float v_max_lane(vf v) {
    float lanes[SIMD_WIDTH];
    v_store(lanes, v);
    for (size_t half = SIMD_WIDTH / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) {
            lanes[lane] = lanes[lane + half] > lanes[lane] ? lanes[lane + half] : lanes[lane];
        }
    }
    return lanes[0];
}
