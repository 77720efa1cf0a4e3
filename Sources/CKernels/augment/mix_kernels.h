// Two rows, each a weighted mean of both.
SIMD_INLINE void mix_lanes(size_t lanes, float own, float *a, float *b) {
    const vf x = v_load_lanes(a, lanes), y = v_load_lanes(b, lanes);
    v_store_lanes(a, v_fma(v_set1(own), x - y, y), lanes);
    v_store_lanes(b, v_fma(v_set1(own), y - x, x), lanes);
}

static void mix(size_t count, float own, float *a, float *b) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) mix_lanes(SIMD_WIDTH, own, a + i, b + i);
    if (i < count) mix_lanes(count - i, own, a + i, b + i);
}
