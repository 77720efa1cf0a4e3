// The micro-kernels of the losses that are sums over single numbers. Each returns the sum of its terms, in double;
// dx may be NULL.

SIMD_INLINE void mse_lanes(size_t lanes, float factor, const float *x, const float *targets, float *dx, vd *sum) {
    const vf difference = v_load_lanes(x, lanes) - v_load_lanes(targets, lanes);
    v_add_product(sum, difference, difference);
    if (dx != NULL) v_store_lanes(dx, factor * difference, lanes);
}

/// The sum of (x - t)^2; dx = factor * (x - t).
static double mse(size_t count, float factor, const float *x, const float *targets, float *dx) {
    vd sum = (vd)0.0;
    for (size_t i = 0; i < count; i += SIMD_WIDTH) {
        mse_lanes(lanes_at(i, count), factor, x + i, targets + i, dx != NULL ? dx + i : NULL, &sum);
    }
    return v_total(&sum);
}

SIMD_INLINE void bce_lanes(size_t lanes, float factor, const float *x, const float *targets, float *dx, vd *sum) {
    const vf v = v_load_lanes(x, lanes), target = v_load_lanes(targets, lanes), e = v_exp(-v_abs(v));
    // Lanes beyond the end hold x = 0, whose term is log(2).
    const vf term = v_max(v_zero(), v) - v * target + v_log1p_unit(e);
    v_add_to(sum, v_select_lanes(lanes, term, 0));
    if (dx != NULL) v_store_lanes(dx, factor * ((v >= 0 ? v_set1(1) : e) / (1 + e) - target), lanes);
}

/// The sum of max(x, 0) - x t + log(1 + exp(-|x|)); dx = factor * (sigmoid(x) - t).
static double bce_with_logits(size_t count, float factor, const float *x, const float *targets, float *dx) {
    vd sum = (vd)0.0;
    for (size_t i = 0; i < count; i += SIMD_WIDTH) {
        bce_lanes(lanes_at(i, count), factor, x + i, targets + i, dx != NULL ? dx + i : NULL, &sum);
    }
    return v_total(&sum);
}
