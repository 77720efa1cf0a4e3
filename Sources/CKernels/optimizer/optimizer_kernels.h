// The optimizer micro-kernels: one pass over the weights, the gradient and the state. What is optional (a flag, or a
// state that may be NULL) is so for a whole call.

SIMD_INLINE void sgd_lanes(
    const snn_sgd *options, size_t lanes, size_t i, const float *gradient, float *velocity, float *weights) {
    // The rate is a factor of what the velocity collects, or of what leaves it.
    const float entering = options->velocity_of_steps ? -options->rate : 1;
    const float leaving = options->velocity_of_steps ? 1 : -options->rate;
    vf w = v_load_lanes(weights + i, lanes);
    vf g = v_set1(entering * options->gradient_scale) * v_load_lanes(gradient + i, lanes);
    if (!options->decoupled) g = v_fma(v_set1(entering * options->weight_decay), w, g);
    if (options->momentum != 0) {
        const vf momentum = v_set1(options->momentum);
        vf v = g;
        if (!options->first_step) {
            v = v_fma(momentum, v_load_lanes(velocity + i, lanes), v_set1(1 - options->dampening) * g);
        }
        v_store_lanes(velocity + i, v, lanes);
        g = options->nesterov ? v_fma(momentum, v, g) : v;
    }
    if (options->decoupled) w *= v_set1(1 - options->rate * options->weight_decay);
    v_store_lanes(weights + i, v_fma(v_set1(leaving), g, w), lanes);
}

static void sgd_step(const snn_sgd *options, size_t count, const float *gradient, float *velocity, float *weights) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) sgd_lanes(options, SIMD_WIDTH, i, gradient, velocity, weights);
    if (i < count) sgd_lanes(options, count - i, i, gradient, velocity, weights);
}

SIMD_INLINE void adam_lanes(const snn_adam_update *update, size_t lanes, size_t i, const float *gradient, float *first,
    float *second, float *max_second, float *weights) {
    vf w = v_load_lanes(weights + i, lanes);
    vf g = v_set1(update->gradient_scale) * v_load_lanes(gradient + i, lanes);
    g = v_fma(v_set1(update->coupled_decay), w, g);
    const vf m = v_fma(v_set1(update->beta1), v_load_lanes(first + i, lanes), v_set1(1 - update->beta1) * g);
    vf v = v_fma(v_set1(update->beta2), v_load_lanes(second + i, lanes), v_set1(1 - update->beta2) * g * g);
    v_store_lanes(first + i, m, lanes);
    v_store_lanes(second + i, v, lanes);
    if (max_second != NULL) {
        v = v_max(v, v_load_lanes(max_second + i, lanes));
        v_store_lanes(max_second + i, v, lanes);
    }
    const vf denominator = v_fma(v_sqrt(v), v_set1(update->second_correction), v_set1(update->epsilon));
    v_store_lanes(weights + i, v_fma(v_set1(update->kept), w, v_set1(-update->rate) * m / denominator), lanes);
}

static void adam_step(const snn_adam_update *update, size_t count, const float *gradient, float *first, float *second,
    float *max_second, float *weights) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) {
        adam_lanes(update, SIMD_WIDTH, i, gradient, first, second, max_second, weights);
    }
    if (i < count) adam_lanes(update, count - i, i, gradient, first, second, max_second, weights);
}

SIMD_INLINE void rmsprop_lanes(const snn_rmsprop *options, size_t lanes, size_t i, const float *gradient,
    float *square_average, float *gradient_average, float *velocity, float *weights) {
    const vf smoothing = v_set1(options->smoothing), rest = v_set1(1 - options->smoothing);
    const vf w = v_load_lanes(weights + i, lanes);
    vf g = v_set1(options->gradient_scale) * v_load_lanes(gradient + i, lanes);
    g = v_fma(v_set1(options->weight_decay), w, g);
    vf s = v_fma(smoothing, v_load_lanes(square_average + i, lanes), rest * g * g);
    v_store_lanes(square_average + i, s, lanes);
    if (gradient_average != NULL) {
        const vf a = v_fma(smoothing, v_load_lanes(gradient_average + i, lanes), rest * g);
        v_store_lanes(gradient_average + i, a, lanes);
        s = v_max(v_zero(), v_fma(-a, a, s));  // rounding must not take the root of a negative number
    }
    vf step = g / (v_sqrt(s) + v_set1(options->epsilon));
    if (options->momentum != 0) {
        step = v_fma(v_set1(options->momentum), v_load_lanes(velocity + i, lanes), step);
        v_store_lanes(velocity + i, step, lanes);
    }
    v_store_lanes(weights + i, v_fma(v_set1(-options->rate), step, w), lanes);
}

static void rmsprop_step(const snn_rmsprop *options, size_t count, const float *gradient, float *square_average,
    float *gradient_average, float *velocity, float *weights) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) {
        rmsprop_lanes(options, SIMD_WIDTH, i, gradient, square_average, gradient_average, velocity, weights);
    }
    if (i < count) {
        rmsprop_lanes(options, count - i, i, gradient, square_average, gradient_average, velocity, weights);
    }
}
