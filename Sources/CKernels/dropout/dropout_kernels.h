// The dropout micro-kernels.

SIMD_INLINE void store_mask(size_t lanes, vi keep, uint8_t *mask) {
    const vu8_unaligned bytes = __builtin_convertvector(keep & 1, vu8_unaligned);
    if (lanes == SIMD_WIDTH) {
        *(vu8_unaligned *)mask = bytes;
    } else {
        for (size_t lane = 0; lane < lanes; lane++) mask[lane] = bytes[lane];
    }
}

SIMD_INLINE void dropout_forward_lanes(
    size_t lanes, const uint32_t *bits, int32_t threshold, float factor, const float *x, float *y, uint8_t *mask) {
    const vi keep = (vi)(load_bits(bits) >> 8) >= threshold;
    store_mask(lanes, keep, mask);
    v_store_lanes(y, keep ? v_load_lanes(x, lanes) * factor : v_zero(), lanes);
}

/// Keeps the numbers whose upper 24 bits are at least `threshold`, times `factor`. Whole vectors of bits are read.
static void dropout_forward(
    size_t count, const uint32_t *bits, int32_t threshold, float factor, const float *x, float *y, uint8_t *mask) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) {
        dropout_forward_lanes(SIMD_WIDTH, bits + i, threshold, factor, x + i, y + i, mask + i);
    }
    if (i < count) dropout_forward_lanes(count - i, bits + i, threshold, factor, x + i, y + i, mask + i);
}

static void dropout_backward(size_t count, float factor, const uint8_t *mask, const float *dy, float *dx) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) {
        v_store(dx + i, v_from_u8(mask + i) > 0 ? v_load(dy + i) * factor : v_zero());
    }
    if (i == count) return;
    const vf kept = v_from_u8_n(mask + i, count - i);
    v_store_n(dx + i, kept > 0 ? v_load_n(dy + i, count - i) * factor : v_zero(), count - i);
}
