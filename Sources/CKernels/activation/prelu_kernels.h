// The PReLU micro-kernels.

SIMD_INLINE void prelu_forward_lanes(size_t lanes, const float *x, const float *slope, float *y) {
    const vf v = v_load_lanes(x, lanes);
    v_store_lanes(y, v > 0 ? v : v_load_lanes(slope, lanes) * v, lanes);
}

/// y = x for x > 0, else slope[c] * x.
static void prelu_forward(size_t rows, size_t channels, const float *x, const float *slope, float *y) {
    for (size_t r = 0; r < rows; r++, x += channels, y += channels) {
        size_t c = 0;
        for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) prelu_forward_lanes(SIMD_WIDTH, x + c, slope + c, y + c);
        if (c < channels) prelu_forward_lanes(channels - c, x + c, slope + c, y + c);
    }
}

/// `lanes` columns of prelu_backward.
SIMD_INLINE void prelu_backward_lanes(size_t lanes, size_t rows, size_t channels, const float *x, const float *slope,
    const float *dy, float *dx, float *dslope) {
    const vf slopes = v_load_lanes(slope, lanes);
    vf sum = v_zero();
    for (size_t r = 0; r < rows; r++) {
        const vf input = v_load_lanes(x + r * channels, lanes), gradient = v_load_lanes(dy + r * channels, lanes);
        sum += input > 0 ? v_zero() : input * gradient;
        if (dx != NULL) v_store_lanes(dx + r * channels, input > 0 ? gradient : slopes * gradient, lanes);
    }
    v_store_lanes(dslope, sum, lanes);
}

/// dx (where not NULL), and the sum over the rows of each channel's slope gradient (overwritten).
static void prelu_backward(
    size_t rows, size_t channels, const float *x, const float *slope, const float *dy, float *dx, float *dslope) {
    size_t c = 0;
    for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
        prelu_backward_lanes(
            SIMD_WIDTH, rows, channels, x + c, slope + c, dy + c, dx != NULL ? dx + c : NULL, dslope + c);
    }
    if (c < channels) {
        prelu_backward_lanes(
            channels - c, rows, channels, x + c, slope + c, dy + c, dx != NULL ? dx + c : NULL, dslope + c);
    }
}

SIMD_INLINE void prelu_slope_gradient_lanes(size_t lanes, const float *x, const float *dy, vd *sum) {
    const vf v = v_load_lanes(x, lanes);
    v_add_to(sum, v > 0 ? v_zero() : v * v_load_lanes(dy, lanes));
}

/// The gradient of a slope that all numbers share.
static double prelu_slope_gradient(size_t count, const float *x, const float *dy) {
    vd sum = (vd)0.0;
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) prelu_slope_gradient_lanes(SIMD_WIDTH, x + i, dy + i, &sum);
    if (i < count) prelu_slope_gradient_lanes(count - i, x + i, dy + i, &sum);
    return v_total(&sum);
}
