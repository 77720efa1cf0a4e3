// The cross-entropy micro-kernels: softmax, loss and gradient of a row in one go.
//
// A row's loss is log(sum of exp(x - max)) + max - (what the target gives of x), in double: logits of any magnitude
// cancel there. The logarithms wait until a vector of rows has been summed.

/// dlogits = factor * e - offset, in place.
SIMD_INLINE void finish_gradient(size_t classes, float factor, float offset, float *dlogits) {
    for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
        const size_t lanes = lanes_at(c, classes);
        v_store_lanes(dlogits + c, v_fma(v_set1(factor), v_load_lanes(dlogits + c, lanes), v_set1(-offset)), lanes);
    }
}

/// One row: returns max - (what the target gives of x) and tells the sum of the other exponentials than the largest.
SIMD_INLINE double cross_entropy_row(size_t classes, float smoothing, float scale, const float *logits, int32_t label,
    float *dlogits, float *beyond_one) {
    const float max = row_max(classes, logits);
    const double even = (double)smoothing / (double)classes;
    double linear = max - (1 - (double)smoothing) * logits[label];
    if (smoothing != 0) linear -= even * row_sum(classes, logits);
    const double sum = row_exp(classes, max, logits, dlogits);
    *beyond_one = (float)(sum - 1);
    if (dlogits != NULL) {
        finish_gradient(classes, (float)(scale / sum), (float)(scale * even), dlogits);
        dlogits[label] -= scale * (1 - smoothing);
    }
    return linear;
}

/// The same for a target distribution; its total is 1 or, where it is not, multiplies the logarithm.
SIMD_INLINE double cross_entropy_soft_row(size_t classes, float smoothing, float scale, const float *logits,
    const float *targets, float *dlogits, float *beyond_one, double *total) {
    const float max = row_max(classes, logits);
    const double sharp = 1 - (double)smoothing, even = (double)smoothing / (double)classes;
    *total = sharp * row_sum(classes, targets) + smoothing;
    double linear = max * *total - sharp * row_dot(classes, logits, targets);
    if (smoothing != 0) linear -= even * row_sum(classes, logits);
    const double sum = row_exp(classes, max, logits, dlogits);
    *beyond_one = (float)(sum - 1);
    if (dlogits == NULL) return linear;
    const vf factor = v_set1((float)(scale * *total / sum));
    for (size_t c = 0; c < classes; c += SIMD_WIDTH) {
        const size_t lanes = lanes_at(c, classes);
        const vf target =
            v_fma(v_set1((float)(scale * sharp)), v_load_lanes(targets + c, lanes), v_set1((float)(scale * even)));
        v_store_lanes(dlogits + c, v_fma(factor, v_load_lanes(dlogits + c, lanes), -target), lanes);
    }
    return linear;
}

/// The sum of the rows' losses; dlogits may be NULL.
static double cross_entropy(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
    const int32_t *labels, float *dlogits) {
    double loss = 0;
    for (size_t first = 0; first < rows; first += SIMD_WIDTH) {
        float beyond_one[SIMD_WIDTH] = {0};
        for (size_t r = first; r < first + lanes_at(first, rows); r++) {
            float *row_gradient = dlogits != NULL ? dlogits + r * classes : NULL;
            loss += cross_entropy_row(
                classes, smoothing, scale, logits + r * classes, labels[r], row_gradient, &beyond_one[r - first]);
        }
        vd logarithms = (vd)0.0;
        v_add_to(&logarithms, v_log1p(v_load(beyond_one)));
        loss += v_total(&logarithms);
    }
    return loss;
}

static double cross_entropy_soft(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
    const float *targets, float *dlogits) {
    double loss = 0;
    for (size_t first = 0; first < rows; first += SIMD_WIDTH) {
        float beyond_one[SIMD_WIDTH] = {0};
        double totals[SIMD_WIDTH] = {0};
        for (size_t r = first; r < first + lanes_at(first, rows); r++) {
            float *row_gradient = dlogits != NULL ? dlogits + r * classes : NULL;
            loss += cross_entropy_soft_row(classes, smoothing, scale, logits + r * classes, targets + r * classes,
                row_gradient, &beyond_one[r - first], &totals[r - first]);
        }
        const vf logarithms = v_log1p(v_load(beyond_one));
        for (size_t lane = 0; lane < SIMD_WIDTH; lane++) loss += totals[lane] * logarithms[lane];
    }
    return loss;
}
