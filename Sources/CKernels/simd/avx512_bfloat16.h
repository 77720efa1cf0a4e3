// AVX512-BF16: two products a lane.

/// c + a * b for both of the bfloat16 numbers in each lane, the upper ones first.
#if defined(SWIFTNN_EMULATE_AVX512)
SIMD_INLINE vf v_add_pair_products(vf a, vf b, vf c) {
    const vf upper = v_fma((vf)((vu)a & 0xffff0000), (vf)((vu)b & 0xffff0000), c);
    return v_fma((vf)((vu)a << 16), (vf)((vu)b << 16), upper);
}
#else
SIMD_INLINE vf v_add_pair_products(vf a, vf b, vf c) {
    return (vf)_mm512_dpbf16_ps((__m512)c, (__m512bh)a, (__m512bh)b);
}
#endif
