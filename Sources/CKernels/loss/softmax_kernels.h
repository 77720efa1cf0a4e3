// The softmax micro-kernels: rows of `classes` numbers, each in a few passes while it is in the first-level cache. The
// sums of a row are kept in double.

/// A vector of logits, -infinity beyond the end of the row: it is never the largest, and its exponential is 0.
SIMD_INLINE vf load_logits(const float *p, size_t lanes) {
    return lanes == SIMD_WIDTH ? v_load(p) : v_select_lanes(lanes, v_load_n(p, lanes), -__builtin_inff());
}

SIMD_INLINE float row_max(size_t classes, const float *x) {
    vf best = load_logits(x, lanes_at(0, classes));
    for (size_t c = SIMD_WIDTH; c < classes; c += SIMD_WIDTH)
        best = v_max(load_logits(x + c, lanes_at(c, classes)), best);
    return v_max_lane(best);
}

/// The sum of exp(x - max); the terms are stored where e is not NULL (it may be x).
SIMD_INLINE double row_exp(size_t classes, float max, const float *x, float *e) {
    vd sum = (vd)0.0;
    for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
        const size_t lanes = lanes_at(c, classes);
        const vf term = v_exp(load_logits(x + c, lanes) - max);
        v_add_to(&sum, term);
        if (e != NULL) v_store_lanes(e + c, term, lanes);
    }
    return v_total(&sum);
}

SIMD_INLINE double row_sum(size_t classes, const float *x) {
    vd sum = (vd)0.0;
    for (size_t c = 0; c < classes; c += SIMD_WIDTH) v_add_to(&sum, v_load_lanes(x + c, lanes_at(c, classes)));
    return v_total(&sum);
}

SIMD_INLINE double row_dot(size_t classes, const float *a, const float *b) {
    vd sum = (vd)0.0;
    for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
        const size_t lanes = lanes_at(c, classes);
        v_add_product(&sum, v_load_lanes(a + c, lanes), v_load_lanes(b + c, lanes));
    }
    return v_total(&sum);
}

static void softmax_forward(size_t rows, size_t classes, const float *x, float *y) {
    for (size_t r = 0; r < rows; r++, x += classes, y += classes) {
        const float factor = (float)(1 / row_exp(classes, row_max(classes, x), x, y));
        for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, classes);
            v_store_lanes(y + c, factor * v_load_lanes(y + c, lanes), lanes);
        }
    }
}

static void softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    for (size_t r = 0; r < rows; r++, y += classes, dy += classes, dx += classes) {
        const float dot = (float)row_dot(classes, y, dy);
        for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, classes);
            v_store_lanes(dx + c, v_load_lanes(y + c, lanes) * (v_load_lanes(dy + c, lanes) - dot), lanes);
        }
    }
}

static void log_softmax_forward(size_t rows, size_t classes, const float *x, float *y) {
    for (size_t r = 0; r < rows; r++, x += classes, y += classes) {
        const float max = row_max(classes, x);
        // The sum has a term 1; what is beyond it keeps its digits in log1p.
        const vf log_sum = v_log1p(v_set1((float)(row_exp(classes, max, x, NULL) - 1)));
        for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, classes);
            v_store_lanes(y + c, (v_load_lanes(x + c, lanes) - max) - log_sum, lanes);
        }
    }
}

static void log_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx) {
    for (size_t r = 0; r < rows; r++, y += classes, dy += classes, dx += classes) {
        const vf sum = v_set1((float)row_sum(classes, dy));
        for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, classes);
            const vf probability = v_exp(v_load_lanes(y + c, lanes));
            v_store_lanes(dx + c, v_fma(-probability, sum, v_load_lanes(dy + c, lanes)), lanes);
        }
    }
}
