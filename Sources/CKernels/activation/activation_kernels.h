// The activation micro-kernels. A function is written once, over one vector, with its kind as a constant: the loops
// below are compiled for every kind.
#include "swiftnn/activation.h"

/// Beyond +-ACTIVATION_BOUND, x sigmoid(x) and its like are x or 0. Clamped there, infinity times 0 does not make NaN.
#define ACTIVATION_BOUND 104.0f

SIMD_INLINE vf v_relu(vf x) { return v_max(v_zero(), x); }

/// The factor of x in x * sigmoid(factor * x).
SIMD_INLINE float gate_factor(const snn_activation_kind kind) { return kind == SNN_GELU_SIGMOID ? 1.702f : 1; }

/// f(x).
SIMD_INLINE vf activate(const snn_activation_kind kind, vf parameter, vf x) {
    const vf above = v_max(v_set1(-ACTIVATION_BOUND), x);
    switch (kind) {
        case SNN_IDENTITY: return x;
        case SNN_BINARY_STEP: return x < 0 ? v_zero() : v_set1(1);
        case SNN_SIGMOID: return v_sigmoid(x);
        case SNN_TANH: return v_tanh(x);
        case SNN_ARCTAN: return v_atan(x);
        case SNN_RELU: return v_relu(x);
        case SNN_LEAKY_RELU: return x > 0 ? x : parameter * x;
        case SNN_ELU: return x > 0 ? x : parameter * v_expm1(x);
        case SNN_GELU: return v_gelu(x);
        case SNN_GELU_TANH: return v_gelu_tanh(x);
        case SNN_GELU_SIGMOID:
        case SNN_SILU: return above * v_sigmoid(gate_factor(kind) * above);
        case SNN_SOFTPLUS: return v_relu(x) + v_log1p_unit(v_exp(-v_abs(x)));
    }
    return x;
}

/// f'(x).
SIMD_INLINE vf activation_slope(const snn_activation_kind kind, vf parameter, vf x) {
    const vf inside = v_clamp(x, -ACTIVATION_BOUND, ACTIVATION_BOUND);
    switch (kind) {
        case SNN_IDENTITY: return v_set1(1);
        case SNN_BINARY_STEP: return v_zero();
        case SNN_SIGMOID:
        case SNN_TANH: {
            // e / (1 + e)^2: the derivative by the output would cancel where the output is near 1.
            const vf e = v_exp(v_abs(x) * (kind == SNN_TANH ? -2.0f : -1.0f));
            const vf slope = e / ((1 + e) * (1 + e));
            return kind == SNN_TANH ? 4 * slope : slope;
        }
        case SNN_ARCTAN: return 1 / v_fma(x, x, v_set1(1));
        // As PyTorch: where x is NaN, the gradient passes.
        case SNN_RELU: return x <= 0 ? v_zero() : v_set1(1);
        case SNN_LEAKY_RELU: return x > 0 ? v_set1(1) : parameter;
        case SNN_ELU: return x > 0 ? v_set1(1) : parameter * v_exp(x);
        case SNN_GELU: return v_gelu_slope(x);
        case SNN_GELU_TANH: return v_gelu_tanh_slope(x);
        case SNN_GELU_SIGMOID:
        case SNN_SILU: {
            const vf s = v_sigmoid(gate_factor(kind) * inside);
            return v_fma(inside * gate_factor(kind), s * (1 - s), s);
        }
        case SNN_SOFTPLUS: return v_sigmoid(x);
    }
    return v_zero();
}

/// f'(x) from y = f(x), where snn_activation_invertible.
SIMD_INLINE vf activation_slope_from_output(const snn_activation_kind kind, vf parameter, vf y) {
    switch (kind) {
        case SNN_SIGMOID: return y * (1 - y);
        case SNN_TANH: return (1 - y) * (1 + y);
        case SNN_SOFTPLUS: return -v_expm1(-y);
        default: return activation_slope(kind, parameter, y);  // depends on the sign alone, which y shares with x
    }
}

SIMD_INLINE void activation_forward_of(
    const snn_activation_kind kind, float parameter, size_t count, const float *x, float *y) {
    const vf p = v_set1(parameter);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) v_store(y + i, activate(kind, p, v_load(x + i)));
    if (i < count) v_store_n(y + i, activate(kind, p, v_load_n(x + i, count - i)), count - i);
}

/// dy * slope. A slope of 0 stops any dy, also infinity and NaN, as PyTorch has it.
SIMD_INLINE vf activation_gradient(
    const snn_activation_kind kind, const bool from_output, vf parameter, vf point, vf dy) {
    if (kind == SNN_BINARY_STEP) return v_zero();
    if (kind == SNN_RELU) return point <= 0 ? v_zero() : dy;
    return dy * (from_output ? activation_slope_from_output(kind, parameter, point)
                             : activation_slope(kind, parameter, point));
}

/// dx = dy * slope(point), where `point` is the input or, `from_output`, the output.
SIMD_INLINE void activation_backward_lanes(const snn_activation_kind kind, const bool from_output, vf parameter,
    size_t lanes, const float *point, const float *dy, float *dx) {
    const vf at = v_load_lanes(point, lanes);
    v_store_lanes(dx, activation_gradient(kind, from_output, parameter, at, v_load_lanes(dy, lanes)), lanes);
}

SIMD_INLINE void activation_backward_of(const snn_activation_kind kind, const bool from_output, float parameter,
    size_t count, const float *point, const float *dy, float *dx) {
    const vf p = v_set1(parameter);
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) {
        activation_backward_lanes(kind, from_output, p, SIMD_WIDTH, point + i, dy + i, dx + i);
    }
    if (i < count) activation_backward_lanes(kind, from_output, p, count - i, point + i, dy + i, dx + i);
}

#define ACTIVATION_CASES(CALL)                                \
    switch (activation.kind) {                                \
        case SNN_IDENTITY: CALL(SNN_IDENTITY); break;         \
        case SNN_BINARY_STEP: CALL(SNN_BINARY_STEP); break;   \
        case SNN_SIGMOID: CALL(SNN_SIGMOID); break;           \
        case SNN_TANH: CALL(SNN_TANH); break;                 \
        case SNN_ARCTAN: CALL(SNN_ARCTAN); break;             \
        case SNN_RELU: CALL(SNN_RELU); break;                 \
        case SNN_LEAKY_RELU: CALL(SNN_LEAKY_RELU); break;     \
        case SNN_ELU: CALL(SNN_ELU); break;                   \
        case SNN_GELU: CALL(SNN_GELU); break;                 \
        case SNN_GELU_SIGMOID: CALL(SNN_GELU_SIGMOID); break; \
        case SNN_GELU_TANH: CALL(SNN_GELU_TANH); break;       \
        case SNN_SILU: CALL(SNN_SILU); break;                 \
        case SNN_SOFTPLUS: CALL(SNN_SOFTPLUS); break;         \
    }

static void activation_forward(snn_activation activation, size_t count, const float *x, float *y) {
#define CALL(KIND) activation_forward_of(KIND, activation.parameter, count, x, y)
    ACTIVATION_CASES(CALL)
#undef CALL
}

static void activation_backward(snn_activation activation, size_t count, const float *x, const float *dy, float *dx) {
#define CALL(KIND) activation_backward_of(KIND, false, activation.parameter, count, x, dy, dx)
    ACTIVATION_CASES(CALL)
#undef CALL
}

static void activation_backward_from_output(
    snn_activation activation, size_t count, const float *y, const float *dy, float *dx) {
#define CALL(KIND) activation_backward_of(KIND, true, activation.parameter, count, y, dy, dx)
    ACTIVATION_CASES(CALL)
#undef CALL
}
#undef ACTIVATION_CASES
