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

SIMD_INLINE vf v_from_u8_n(const uint8_t *p, size_t lanes) {
    uint8_t bytes[SIMD_WIDTH] = {0};
    for (size_t lane = 0; lane < lanes; lane++) bytes[lane] = p[lane];
    return v_from_u8(bytes);
}
