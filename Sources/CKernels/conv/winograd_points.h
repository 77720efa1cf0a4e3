// Winograd's minimal filtering of a row (Lavin & Gray, "Fast algorithms for convolutional neural networks", 2016). As
// many numbers d as there are points, filtered by weights g, are
//     y = A' [(G g) * (B' d)]
// with one product for each point: G g are the values of the polynomial g at the points, divided by the product of a
// point's distances to all others, B' d the remainders of d. Images take a transform along their columns and one along
// their rows. Filtering by more numbers to fewer results (the weight gradient) has the same B' d, and A and G of other
// lengths.
//
// The points are zero, where their number is even, then p and -p for every p of `pairs`, and infinity. A row of fewer
// results does with so many points less: of its `finite` ones the pairs are the first of all, and zero is one where
// their number is odd. B' d then has the factors of those that it lacks, by which G g has been divided.
//
// Everything but the numbers is a constant wherever these are used, and so are the coefficients.
#include <stdbool.h>

enum { winograd_most_pairs = (winograd_most_points - 1) / 2 };

/// The product of square - p^2 over the pairs [first, end) but one, `left_out`.
SIMD_INLINE float winograd_distance(
    const float *pairs, const size_t first, const size_t end, const size_t left_out, const float square) {
    float product = 1;
#pragma clang loop unroll(full)
    for (size_t i = first; i < end; i++) {
        if (i != left_out) product *= square - pairs[i] * pairs[i];
    }
    return product;
}

/// `factor` times the product of x^2 - p^2 over so many pairs but one, with every second number of d in place of the
/// powers of x^2.
SIMD_INLINE vf winograd_remainder(
    const float factor, const float *pairs, const size_t count, const size_t left_out, const vf *d) {
    float coefficients[winograd_most_pairs + 1] = {factor};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < count; i++) {
        if (i == left_out) continue;
        const float square = pairs[i] * pairs[i];
#pragma clang loop unroll(full)
        for (size_t j = winograd_most_pairs; j > 0; j--)
            coefficients[j] = coefficients[j - 1] - square * coefficients[j];
        coefficients[0] *= -square;
    }
    const size_t degree = left_out < count ? count - 1 : count;
    vf sum = v_set1(factor) * d[2 * degree];
#pragma clang loop unroll(full)
    for (size_t j = degree; j > 0; j--) sum = v_fma(v_set1(coefficients[j - 1]), d[2 * (j - 1)], sum);
    return sum;
}

/// B' d of finite + 1 numbers.
SIMD_INLINE void winograd_data(const float *pairs, const size_t points, const size_t finite, const vf *d, vf *r) {
    const size_t all = (points - 1) / 2, count = finite / 2, first = (points - 1) % 2, zero = finite % 2;
    const bool lacks_zero = first > zero;
    if (zero) r[0] = winograd_remainder(winograd_distance(pairs, count, all, all, 0), pairs, count, count, d);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < count; i++) {
        const float p = pairs[i], lacking = winograd_distance(pairs, count, all, all, p * p) * (lacks_zero ? p : 1);
        const vf even = winograd_remainder(p * lacking, pairs, count, i, d + zero);
        const vf odd = winograd_remainder(lacking, pairs, count, i, d + zero + 1);
        r[first + 2 * i] = odd + even;
        r[first + 2 * i + 1] = lacks_zero ? even - odd : odd - even;
    }
    r[points - 1] = winograd_remainder(1, pairs, count, count, d + zero);
}

/// G g of `taps` numbers.
SIMD_INLINE void winograd_filter(
    const float *pairs, const size_t points, const size_t finite, const size_t taps, const vf *g, vf *r) {
    const size_t all = (points - 1) / 2, first = (points - 1) % 2;
    if (finite % 2) r[0] = v_set1(1 / winograd_distance(pairs, 0, all, all, 0)) * g[0];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < finite / 2; i++) {
        const float p = pairs[i];
        float factor = 1 / (2 * (first ? p * p : p) * winograd_distance(pairs, 0, all, i, p * p));
        vf even = v_set1(factor) * g[0], odd = taps > 1 ? v_set1(factor * p) * g[1] : v_zero();
#pragma clang loop unroll(full)
        for (size_t j = 2; j < taps; j++) {
            factor *= j % 2 ? 1 : p * p;
            if (j % 2) {
                odd = v_fma(v_set1(factor * p), g[j], odd);
            } else {
                even = v_fma(v_set1(factor), g[j], even);
            }
        }
        r[first + 2 * i] = even + odd;
        r[first + 2 * i + 1] = first ? even - odd : odd - even;
    }
    r[points - 1] = g[taps - 1];
}

SIMD_INLINE float winograd_power(const float p, const size_t exponent) {
    float power = 1;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < exponent; i++) power *= p;
    return power;
}

/// A' m to `results` numbers.
SIMD_INLINE void winograd_result(
    const float *pairs, const size_t points, const size_t finite, const size_t results, const vf *m, vf *y) {
    const size_t first = (points - 1) % 2;
#pragma clang loop unroll(full)
    for (size_t i = finite / 2; i > 0; i--) {
        const vf plus = m[first + 2 * (i - 1)], minus = m[first + 2 * (i - 1) + 1];
        const vf sum = plus + minus, difference = plus - minus;
#pragma clang loop unroll(full)
        for (size_t j = 0; j < results; j++) {
            const vf power = v_set1(winograd_power(pairs[i - 1], j)), term = j % 2 ? difference : sum;
            y[j] = i == finite / 2 ? power * term : v_fma(power, term, y[j]);
        }
    }
    if (finite % 2) y[0] = y[0] + m[0];
    y[results - 1] = y[results - 1] + m[points - 1];
}

/// A transform of rows whose points are all there: B' d, G g or A' m, where `numbers` are those of d, g or y.
typedef struct {
    enum { WINOGRAD_DATA, WINOGRAD_FILTER, WINOGRAD_RESULT } kind;
    size_t points, numbers;
    const float *pairs;
} winograd_transform;

/// Numbers of a row with fewer finite points.
SIMD_INLINE size_t winograd_row_numbers(const winograd_transform transform, const size_t finite) {
    return transform.numbers - (transform.points - 1 - finite);
}

SIMD_INLINE void winograd_transform_row(
    const winograd_transform transform, const size_t finite, const vf *from, vf *to) {
    const size_t numbers = winograd_row_numbers(transform, finite);
    switch (transform.kind) {
        case WINOGRAD_DATA: winograd_data(transform.pairs, transform.points, finite, from, to); break;
        case WINOGRAD_FILTER: winograd_filter(transform.pairs, transform.points, finite, numbers, from, to); break;
        case WINOGRAD_RESULT: winograd_result(transform.pairs, transform.points, finite, numbers, from, to); break;
    }
}
