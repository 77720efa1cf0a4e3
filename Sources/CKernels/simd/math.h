// Elementary functions over vectors, for every tier: included after the header of the instruction set.
//
// The accuracies are the largest relative errors found over one in 53 of all floats, with fused multiply-add and
// without it, where the result is not subnormal. NaN gives NaN everywhere, and the limits at infinity are exact.
//
// "Cephes" are the polynomials of S. Moshier's single-precision library (netlib.org/cephes); the others
// were fitted for this file (least maximum relative error, by Lawson's iteration).

/// The bounds stand first: like the instructions behind them, v_min and v_max return their second operand for NaN.
SIMD_INLINE vf v_clamp(vf x, float low, float high) { return v_min(v_set1(high), v_max(v_set1(low), x)); }

/// The magnitude of the one with the sign of the other.
SIMD_INLINE vf v_copysign(vf magnitude, vf sign) {
    const vu sign_bit = (vu)0x80000000u;
    return (vf)(((vu)magnitude & ~sign_bit) | ((vu)sign & sign_bit));
}

/// 2^n for -126 <= n <= 127.
SIMD_INLINE vf v_power_of_two(vi n) { return (vf)((vu)(n + 127) << 23); }

/// x = n ln 2 + r with |r| <= ln 2 / 2: returns exp(r) - 1 and n. Cephes expf; ln 2 in two parts, of which the first
/// times n is exact.
SIMD_INLINE vf v_exp_reduced(vf x, vi *n) {
    const vf rounder = v_set1(0x1.8p23f);
    const vf rounded = v_fma(x, v_set1(1.44269504088896341f), rounder);
    const vf whole = rounded - rounder;
    *n = (vi)((vu)rounded - (vu)rounder);
    vf r = v_fma(whole, v_set1(-0.693359375f), x);
    r = v_fma(whole, v_set1(2.12194440e-4f), r);
    vf p = v_fma(v_set1(1.9875691500e-4f), r, v_set1(1.3981999507e-3f));
    p = v_fma(p, r, v_set1(8.3334519073e-3f));
    p = v_fma(p, r, v_set1(4.1665795894e-2f));
    p = v_fma(p, r, v_set1(1.6666665459e-1f));
    p = v_fma(p, r, v_set1(5.0000001201e-1f));
    return v_fma(p, r * r, r);
}

/// Error 8.2e-8; 0 below -87.33, where the result would soon be subnormal and computing with it slow.
SIMD_INLINE vf v_exp(vf x) {
    vi n;
    const vf q = v_exp_reduced(x, &n);
    const vf inside = (vf)((vu)(1 + q) + ((vu)n << 23));
    const vf above_0 = x > -87.33f ? inside : v_zero();
    return x <= 88.7228317f ? above_0 : x + __builtin_inff();
}

/// exp(x) - 1. Error 1.2e-7.
SIMD_INLINE vf v_expm1(vf x) {
    vi n;
    const vf q = v_exp_reduced(v_clamp(x, -86, 89), &n);
    const vf half_power = v_power_of_two(n - 1);
    return 2 * v_fma(half_power, q, half_power - 0.5f);
}

/// -infinity at 0, NaN below. Error 8.1e-8. Cephes logf.
SIMD_INLINE vf v_log(vf x) {
    const vi subnormal = x < 0x1p-126f;
    const vi bits = (vi)(subnormal ? x * 0x1p23f : x);
    // The mantissa is taken from sqrt(1/2) to sqrt(2).
    const vi exponent = (bits - 0x3f3504f3) >> 23;
    const vf f = (vf)((vu)bits - ((vu)exponent << 23)) - 1;
    const vf n = __builtin_convertvector(exponent - (subnormal & 23), vf);
    vf p = v_fma(v_set1(7.0376836292e-2f), f, v_set1(-1.1514610310e-1f));
    p = v_fma(p, f, v_set1(1.1676998740e-1f));
    p = v_fma(p, f, v_set1(-1.2420140846e-1f));
    p = v_fma(p, f, v_set1(1.4249322787e-1f));
    p = v_fma(p, f, v_set1(-1.6668057665e-1f));
    p = v_fma(p, f, v_set1(2.0000714765e-1f));
    p = v_fma(p, f, v_set1(-2.4999993993e-1f));
    p = v_fma(p, f, v_set1(3.3333331174e-1f));
    const vf square = f * f;
    vf small = v_fma(n, v_set1(-2.12194440e-4f), f * square * p);
    small = v_fma(v_set1(-0.5f), square, small);
    const vf result = v_fma(n, v_set1(0.693359375f), f + small);
    const vf at_or_below_zero = x == 0 ? v_set1(-__builtin_inff()) : v_set1(__builtin_nanf(""));
    const vf checked = x > 0 ? result : at_or_below_zero;
    return x < __builtin_inff() ? checked : x;
}

/// log(1 + x): the logarithm of the rounded sum, and what the rounding lost. Error 1.4e-7.
SIMD_INLINE vf v_log1p(vf x) {
    const vf sum = 1 + x;
    const vf logarithm = v_log(sum);
    const vf corrected = logarithm + (x - (sum - 1)) / sum;
    const vi exact = (sum > 0) & (sum < __builtin_inff());
    return exact ? corrected : logarithm;
}

/// log(1 + x) for 0 <= x <= 1 alone, as 2 atanh(x / (2 + x)): s + s^3 P(s^2). Error 1.8e-7.
SIMD_INLINE vf v_log1p_unit(vf x) {
    const vf s = x / (2 + x), z = s * s;
    vf p = v_fma(v_set1(1.40059963e-1f), z, v_set1(1.40009016e-1f));
    p = v_fma(p, z, v_set1(2.00107634e-1f));
    p = v_fma(p, z, v_set1(3.33332092e-1f));
    return 2 * v_fma(p * z, s, s);
}

/// 1 / (1 + exp(-x)). Error 1.5e-7; 0 below -88.73.
SIMD_INLINE vf v_sigmoid(vf x) { return 1 / (1 + v_exp(-x)); }

/// Error 1.7e-7.
SIMD_INLINE vf v_tanh(vf x) {
    const vf t = v_expm1(-2 * v_abs(x));
    return v_copysign(t / (t + 2), x);
}

/// Error 2.1e-7. Cephes atanf, whose three ranges share one division.
SIMD_INLINE vf v_atan(vf x) {
    const vf a = v_abs(x), one = v_set1(1);
    const vi large = a > 2.414213562373095f, middle = a > 0.4142135623730950f;
    const vf numerator = large ? -one : (middle ? a - 1 : a);
    const vf denominator = large ? a : (middle ? a + 1 : one);
    const vf start = large ? v_set1(1.57079632679489662f) : (middle ? v_set1(0.785398163397448310f) : v_zero());
    const vf t = numerator / denominator, z = t * t;
    vf p = v_fma(v_set1(8.05374449538e-2f), z, v_set1(-1.38776856032e-1f));
    p = v_fma(p, z, v_set1(1.99777106478e-1f));
    p = v_fma(p, z, v_set1(-3.33329491539e-1f));
    return v_copysign(start + v_fma(p * z, t, t), x);
}

/// x P(x^2) / Q(x^2), with polynomials of degree 5; Q starts with 1, which is left out.
SIMD_INLINE vf v_odd_rational(vf x, const float p[6], const float q[5]) {
    const vf z = x * x;
    vf numerator = v_set1(p[5]), denominator = v_set1(q[4]);
#pragma clang loop unroll(full)
    for (size_t i = 5; i > 0; i--) {
        numerator = v_fma(numerator, z, v_set1(p[i - 1]));
        denominator = v_fma(denominator, z, v_set1(i > 1 ? q[i - 2] : 1));
    }
    return x * (numerator / denominator);
}

/// x (1/2 + r(x)) for an odd rational function r that is 1/2 at `bound`, and held there beyond.
SIMD_INLINE vf v_gated(vf x, float bound, const float p[6], const float q[5]) {
    const vf above = v_max(v_set1(-bound), x);
    return above * (0.5f + v_odd_rational(v_min(v_set1(bound), above), p, q));
}

/// 1/2 + r(x) for the same: what a gated function's derivative is.
SIMD_INLINE vf v_gated_slope(vf x, float bound, const float p[6], const float q[5]) {
    return 0.5f + v_odd_rational(v_clamp(x, -bound, bound), p, q);
}

/// x Phi(x), where Phi is the distribution function of the standard normal distribution. Absolute error below 0 7.9e-7,
/// relative error above 2.7e-7. The bounds here and below are numbers whose quotient is 1/2, with fused multiply-add
/// and without it: the limits are exact.
SIMD_INLINE vf v_gelu(vf x) {
    static const float p[] = {
        0.398942292f, 3.48839648e-2f, 4.74445103e-3f, 1.79899376e-4f, 6.47829438e-6f, 2.22405685e-8f};
    static const float q[] = {0.254106015f, 2.92467084e-2f, 1.94651808e-3f, 7.74726432e-5f, 1.19207903e-6f};
    return v_gated(x, 5.4f, p, q);
}

/// The derivative of x Phi(x). Absolute error 3.5e-7.
SIMD_INLINE vf v_gelu_slope(vf x) {
    static const float p[] = {
        0.797884531f, -3.07433073e-2f, 1.42091646e-2f, 2.41868595e-5f, 3.58505632e-5f, 1.90884435e-7f};
    static const float q[] = {0.294805858f, 4.1064749e-2f, 3.52876639e-3f, 1.93520851e-4f, 8.88745826e-6f};
    return v_gated_slope(x, 5.9708f, p, q);
}

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Absolute error below 0 7.6e-7, relative error above 2.1e-7.
SIMD_INLINE vf v_gelu_tanh(vf x) {
    static const float p[] = {
        0.398942381f, 2.96515618e-2f, 3.61345732e-3f, 1.28776606e-4f, 7.21100059e-6f, 2.58540229e-8f};
    static const float q[] = {0.241818503f, 2.39858609e-2f, 1.27486e-3f, 7.5179094e-5f, 1.38008613e-6f};
    return v_gated(x, 4.9000416f, p, q);
}

/// Its derivative. Absolute error 4.4e-7.
SIMD_INLINE vf v_gelu_tanh_slope(vf x) {
    static const float p[] = {
        0.797886431f, -3.92873809e-2f, 1.31763909e-2f, -1.59668329e-4f, 3.23320601e-5f, 1.58587596e-7f};
    static const float q[] = {0.285762131f, 3.54840159e-2f, 2.27000006e-3f, 1.39103897e-4f, 7.90702416e-6f};
    return v_gated_slope(x, 5.2792115f, p, q);
}

/// The sine and cosine of `turns` full circles, 0 <= turns <= 1. Absolute error 1.1e-7. Cephes sinf and cosf, after an
/// exact reduction.
SIMD_INLINE void v_sincos_turns(vf turns, vf *sine, vf *cosine) {
    const vf rounder = v_set1(0x1.8p23f);
    const vf rounded = v_fma(turns, v_set1(4), rounder);
    const vu quarter = (vu)rounded;
    const vf r = v_fma(turns, v_set1(4), rounder - rounded) * 1.57079632679489662f, z = r * r;
    vf s = v_fma(v_set1(-1.9515295891e-4f), z, v_set1(8.3321608736e-3f));
    s = v_fma(s, z, v_set1(-1.6666654611e-1f));
    s = v_fma(s * z, r, r);
    vf c = v_fma(v_set1(2.443315711809948e-5f), z, v_set1(-1.388731625493765e-3f));
    c = v_fma(c, z, v_set1(4.166664568298827e-2f));
    c = v_fma(c, z * z, v_fma(v_set1(-0.5f), z, v_set1(1)));
    const vi swapped = (vi)((quarter & 1) == 1);
    // Quarters 2 and 3 turn the sine's sign, 1 and 2 the cosine's: bit 1 of the quarter (plus 1) becomes the sign bit.
    *sine = (vf)((vu)(swapped ? c : s) ^ ((quarter & 2) << 30));
    *cosine = (vf)((vu)(swapped ? s : c) ^ (((quarter + 1) & 2) << 30));
}
