// Loads and stores of up to a whole vector, so that a kernel's body is written once: with `lanes` the constant
// SIMD_WIDTH in the loop they are plain ones, and with the rest of the array at its end they are partial.
SIMD_INLINE vf v_load_lanes(const float *p, size_t lanes) {
    return lanes == SIMD_WIDTH ? v_load(p) : v_load_n(p, lanes);
}

SIMD_INLINE void v_store_lanes(float *p, vf v, size_t lanes) {
    if (lanes == SIMD_WIDTH) {
        v_store(p, v);
    } else {
        v_store_n(p, v, lanes);
    }
}

#if !defined(SIMD_HAS_ELEMENTS)
/// The number at a in all lanes.
SIMD_INLINE vf v_load_element(const float *a) { return v_set1(*a); }

/// The same times b, plus c: one instruction where it can read the number itself.
SIMD_INLINE vf v_fma_element(const float *a, vf b, vf c) { return v_fma(v_set1(*a), b, c); }

/// v_fma that stays in order with these.
SIMD_INLINE vf v_fma_in_order(vf a, vf b, vf c) { return v_fma(a, b, c); }
#endif

#if !defined(SIMD_HAS_PERMUTE)
/// The lanes of v at the last bits of each index.
SIMD_INLINE vf v_permute(vf v, vi index) {
    vf result;
    for (size_t lane = 0; lane < SIMD_WIDTH; lane++) result[lane] = v[index[lane] & (SIMD_WIDTH - 1)];
    return result;
}
#endif

#if !defined(SIMD_HAS_PERMUTE_PAIR)
/// The same of two vectors behind one another.
SIMD_INLINE vf v_permute_pair(vf low, vf high, vi index) {
    return index < SIMD_WIDTH ? v_permute(low, index) : v_permute(high, index);
}
#endif

SIMD_INLINE vf v_from_u8_n(const uint8_t *p, size_t lanes) {
    uint8_t bytes[SIMD_WIDTH] = {0};
    for (size_t lane = 0; lane < lanes; lane++) bytes[lane] = p[lane];
    return v_from_u8(bytes);
}

#if !defined(SIMD_HAS_MASKED_U16)
SIMD_INLINE vi v_from_u16_n(const uint16_t *p, size_t n) {
    uint16_t numbers[SIMD_WIDTH] = {0};
    for (size_t lane = 0; lane < n; lane++) numbers[lane] = p[lane];
    return v_from_u16(numbers);
}

SIMD_INLINE void v_store_u16_n(uint16_t *p, vi v, size_t n) {
    uint16_t numbers[SIMD_WIDTH];
    v_store_u16(numbers, v);
    for (size_t lane = 0; lane < n; lane++) p[lane] = numbers[lane];
}
#endif

SIMD_INLINE vi v_load_lanes_u16(const uint16_t *p, size_t lanes) {
    return lanes == SIMD_WIDTH ? v_from_u16(p) : v_from_u16_n(p, lanes);
}

SIMD_INLINE void v_store_lanes_u16(uint16_t *p, vi v, size_t lanes) {
    if (lanes == SIMD_WIDTH) {
        v_store_u16(p, v);
    } else {
        v_store_u16_n(p, v, lanes);
    }
}

/// How many lanes of a vector at i lie before `count`.
SIMD_INLINE size_t lanes_at(size_t i, size_t count) { return count - i < SIMD_WIDTH ? count - i : SIMD_WIDTH; }

/// The first lanes of v, and `other` in the rest.
SIMD_INLINE vf v_select_lanes(size_t lanes, vf v, float other) {
    if (lanes == SIMD_WIDTH) return v;
    vi index;
    for (int lane = 0; lane < SIMD_WIDTH; lane++) index[lane] = lane;
    return index < (int32_t)lanes ? v : v_set1(other);
}
