// Loads and stores of the first n lanes for CPUs without masked memory access.
SIMD_INLINE vf v_load_n(const float *p, size_t n) {
    vf v = v_zero();
    for (size_t lane = 0; lane < n; lane++) v[lane] = p[lane];
    return v;
}

SIMD_INLINE void v_store_n(float *p, vf v, size_t n) {
    for (size_t lane = 0; lane < n; lane++) p[lane] = v[lane];
}
