// The elementwise micro-kernels: each reads and writes its arrays once.
SIMD_INLINE void add_lanes(size_t lanes, const float *a, const float *b, float *out) {
    v_store_lanes(out, v_load_lanes(a, lanes) + v_load_lanes(b, lanes), lanes);
}

static void add(size_t count, const float *a, const float *b, float *out) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) add_lanes(SIMD_WIDTH, a + i, b + i, out + i);
    if (i < count) add_lanes(count - i, a + i, b + i, out + i);
}

SIMD_INLINE void scale_lanes(size_t lanes, vf factor, const float *a, float *out) {
    v_store_lanes(out, factor * v_load_lanes(a, lanes), lanes);
}

static void scale(size_t count, float factor, const float *a, float *out) {
    const vf factors = v_set1(factor);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) scale_lanes(SIMD_WIDTH, factors, a + i, out + i);
    if (i < count) scale_lanes(count - i, factors, a + i, out + i);
}

SIMD_INLINE void axpy_lanes(size_t lanes, vf factor, const float *x, float *y) {
    v_store_lanes(y, v_fma(factor, v_load_lanes(x, lanes), v_load_lanes(y, lanes)), lanes);
}

static void axpy(size_t count, float factor, const float *x, float *y) {
    const vf factors = v_set1(factor);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) axpy_lanes(SIMD_WIDTH, factors, x + i, y + i);
    if (i < count) axpy_lanes(count - i, factors, x + i, y + i);
}

/// From the nearer end, so that both ends are met exactly.
SIMD_INLINE void lerp_lanes(const bool from_x, size_t lanes, vf part, const float *x, float *y) {
    const vf end = v_load_lanes(x, lanes), start = v_load_lanes(y, lanes);
    v_store_lanes(y, from_x ? v_fma(part - 1, end - start, end) : v_fma(part, end - start, start), lanes);
}

SIMD_INLINE void lerp_from(const bool from_x, size_t count, float part, const float *x, float *y) {
    const vf parts = v_set1(part);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) lerp_lanes(from_x, SIMD_WIDTH, parts, x + i, y + i);
    if (i < count) lerp_lanes(from_x, count - i, parts, x + i, y + i);
}

static void lerp(size_t count, float part, const float *x, float *y) {
    if (part < 0.5f) {
        lerp_from(false, count, part, x, y);
    } else {
        lerp_from(true, count, part, x, y);
    }
}

SIMD_INLINE void multiply_lanes(size_t lanes, const float *a, const float *b, float *out) {
    v_store_lanes(out, v_load_lanes(a, lanes) * v_load_lanes(b, lanes), lanes);
}

static void multiply(size_t count, const float *a, const float *b, float *out) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) multiply_lanes(SIMD_WIDTH, a + i, b + i, out + i);
    if (i < count) multiply_lanes(count - i, a + i, b + i, out + i);
}

/// The comparisons are false for NaN, which stays as it is.
SIMD_INLINE void clamp_lanes(size_t lanes, vf low, vf high, const float *a, float *out) {
    v_store_lanes(out, v_min(high, v_max(low, v_load_lanes(a, lanes))), lanes);
}

static void clamp(size_t count, float low, float high, const float *a, float *out) {
    const vf lowest = v_set1(low), highest = v_set1(high);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) clamp_lanes(SIMD_WIDTH, lowest, highest, a + i, out + i);
    if (i < count) clamp_lanes(count - i, lowest, highest, a + i, out + i);
}

static void fill(size_t count, float value, float *out) {
    const vf values = v_set1(value);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) v_store(out + i, values);
    if (i < count) v_store_n(out + i, values, count - i);
}

SIMD_INLINE void add_square_in_double(vd *sum, vf v) {
    const vd wide = __builtin_convertvector(v, vd);
    *sum += wide * wide;
}

static double sum_squares(size_t count, const float *x) {
    // Two sums, so that the next addition need not wait for the last.
    vd sums[2] = {(vd)0.0, (vd)0.0};
    size_t i = 0;
    for (; i + 2 * SIMD_WIDTH <= count; i += 2 * SIMD_WIDTH) {
        add_square_in_double(&sums[0], v_load(x + i));
        add_square_in_double(&sums[1], v_load(x + i + SIMD_WIDTH));
    }
    for (; i < count; i += SIMD_WIDTH) {
        add_square_in_double(&sums[0], v_load_lanes(x + i, count - i < SIMD_WIDTH ? count - i : SIMD_WIDTH));
    }
    const vd total = sums[0] + sums[1];
    double sum = 0;
    for (size_t lane = 0; lane < SIMD_WIDTH; lane++) sum += total[lane];
    return sum;
}

static bool all_finite(size_t count, const float *x) {
    // The comparison is false for NaN, too.
    const vf infinity = v_set1(__builtin_inff());
    vi finite = (vi)-1;
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) finite &= v_abs(v_load(x + i)) < infinity;
    if (i < count) finite &= v_abs(v_load_n(x + i, count - i)) < infinity;
    for (size_t lane = 0; lane < SIMD_WIDTH; lane++) {
        if (!finite[lane]) return false;
    }
    return true;
}
