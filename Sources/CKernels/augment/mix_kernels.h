// Two rows, each a weighted mean of both.

/// From y to x by a part of the way, to the bits of either at its end.
SIMD_INLINE vf mixed(float part, vf x, vf y) {
    return part < 0.5f ? v_fma(v_set1(part), x - y, y) : v_fma(v_set1(part - 1), x - y, x);
}

SIMD_INLINE void mix_lanes(size_t lanes, float own, float *a, float *b) {
    const vf x = v_load_lanes(a, lanes), y = v_load_lanes(b, lanes);
    v_store_lanes(a, mixed(own, x, y), lanes);
    v_store_lanes(b, mixed(own, y, x), lanes);
}

static void mix(size_t count, float own, float *a, float *b) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) mix_lanes(SIMD_WIDTH, own, a + i, b + i);
    if (i < count) mix_lanes(count - i, own, a + i, b + i);
}
