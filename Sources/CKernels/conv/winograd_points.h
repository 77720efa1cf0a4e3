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

/// square - p^2 for pair i, if that is one of [first, end) and not `left_out`; otherwise 1.
SIMD_CASE_INLINE float winograd_factor(const float *pairs, const size_t i, const size_t first, const size_t end,
    const size_t left_out, const float square) {
    return i >= first && i < end && i != left_out ? square - pairs[i] * pairs[i] : 1;
}

/// The product of square - p^2 over the pairs [first, end) but one, `left_out`.
SIMD_CASE_INLINE float winograd_distance(
    const float *pairs, const size_t first, const size_t end, const size_t left_out, const float square) {
    return winograd_factor(pairs, 0, first, end, left_out, square) *
           winograd_factor(pairs, 1, first, end, left_out, square) *
           winograd_factor(pairs, 2, first, end, left_out, square) *
           winograd_factor(pairs, 3, first, end, left_out, square);
}

/// p^2 for pair i, if that is one of so many and not `left_out`; otherwise 0.
SIMD_CASE_INLINE float winograd_square(const float *pairs, const size_t i, const size_t count, const size_t left_out) {
    return i < count && i != left_out ? pairs[i] * pairs[i] : 0;
}

/// `factor` times the product of x^2 - p^2 over so many pairs but one, with every second number of d in place of the
/// powers of x^2.
SIMD_CASE_INLINE vf winograd_remainder(
    const float factor, const float *pairs, const size_t count, const size_t left_out, const vf *d) {
    const size_t degree = left_out < count ? count - 1 : count;
    const float a = winograd_square(pairs, 0, count, left_out), b = winograd_square(pairs, 1, count, left_out);
    const float c = winograd_square(pairs, 2, count, left_out), e = winograd_square(pairs, 3, count, left_out);
    const vf *highest = d + 2 * degree;
    vf sum = v_set1(factor) * highest[0];
    if (degree > 0) sum = v_fma(v_set1(-factor * (a + b + c + e)), highest[-2], sum);
    if (degree > 1) sum = v_fma(v_set1(factor * (a * b + c * e + (a + b) * (c + e))), highest[-4], sum);
    if (degree > 2) sum = v_fma(v_set1(-factor * (a * b * (c + e) + c * e * (a + b))), highest[-6], sum);
    if (degree > 3) sum = v_fma(v_set1(factor * a * b * c * e), highest[-8], sum);
    return sum;
}

/// B' d at the points p and -p of pair i.
SIMD_CASE_INLINE void winograd_data_pair(
    const float *pairs, const size_t points, const size_t finite, const size_t i, const vf *d, vf *r) {
    const size_t all = (points - 1) / 2, count = finite / 2, first = (points - 1) % 2, zero = finite % 2;
    const bool lacks_zero = first > zero;
    const float p = pairs[i], lacking = winograd_distance(pairs, count, all, all, p * p) * (lacks_zero ? p : 1);
    const vf even = winograd_remainder(p * lacking, pairs, count, i, d + zero);
    const vf odd = winograd_remainder(lacking, pairs, count, i, d + zero + 1);
    r[first + 2 * i] = odd + even;
    r[first + 2 * i + 1] = lacks_zero ? even - odd : odd - even;
}

/// B' d of finite + 1 numbers.
SIMD_CASE_INLINE void winograd_data(const float *pairs, const size_t points, const size_t finite, const vf *d, vf *r) {
    const size_t all = (points - 1) / 2, count = finite / 2, zero = finite % 2;
    if (zero) r[0] = winograd_remainder(winograd_distance(pairs, count, all, all, 0), pairs, count, count, d);
    winograd_data_pair(pairs, points, finite, 0, d, r);
    if (count > 1) winograd_data_pair(pairs, points, finite, 1, d, r);
    if (count > 2) winograd_data_pair(pairs, points, finite, 2, d, r);
    if (count > 3) winograd_data_pair(pairs, points, finite, 3, d, r);
    r[points - 1] = winograd_remainder(1, pairs, count, count, d + zero);
}

/// G g of `taps` numbers at the points p and -p of pair i.
SIMD_CASE_INLINE void winograd_filter_pair(
    const float *pairs, const size_t points, const size_t taps, const size_t i, const vf *g, vf *r) {
    const size_t all = (points - 1) / 2, first = (points - 1) % 2;
    const float p = pairs[i], square = p * p;
    const float factor = 1 / (2 * (first ? square : p) * winograd_distance(pairs, 0, all, i, square));
    vf sums[2] = {v_zero(), v_zero()};
    float power = factor;
#pragma clang loop unroll(full)
    for (size_t j = 0; j < taps; j++, power *= p) {
        sums[j % 2] = j < 2 ? v_set1(power) * g[j] : v_fma(v_set1(power), g[j], sums[j % 2]);
    }
    const vf even = sums[0], odd = sums[1];
    r[first + 2 * i] = even + odd;
    r[first + 2 * i + 1] = first ? even - odd : odd - even;
}

/// G g of `taps` numbers.
SIMD_CASE_INLINE void winograd_filter(
    const float *pairs, const size_t points, const size_t finite, const size_t taps, const vf *g, vf *r) {
    const size_t all = (points - 1) / 2, count = finite / 2;
    if (finite % 2) r[0] = v_set1(1 / winograd_distance(pairs, 0, all, all, 0)) * g[0];
    winograd_filter_pair(pairs, points, taps, 0, g, r);
    if (count > 1) winograd_filter_pair(pairs, points, taps, 1, g, r);
    if (count > 2) winograd_filter_pair(pairs, points, taps, 2, g, r);
    if (count > 3) winograd_filter_pair(pairs, points, taps, 3, g, r);
    r[points - 1] = g[taps - 1];
}

/// Adds what the points p and -p of a pair give to `results` numbers; to nothing where it `starts` them.
SIMD_CASE_INLINE void winograd_add_pair(
    const float p, const size_t results, const bool starts, vf plus, vf minus, vf *y) {
    const vf sum = plus + minus, difference = plus - minus;
    float power = 1;
#pragma clang loop unroll(full)
    for (size_t j = 0; j < results; j++, power *= p) {
        const vf term = j % 2 ? difference : sum;
        y[j] = starts ? v_set1(power) * term : v_fma(v_set1(power), term, y[j]);
    }
}

/// A' m to `results` numbers.
SIMD_CASE_INLINE void winograd_result(
    const float *pairs, const size_t points, const size_t finite, const size_t results, const vf *m, vf *y) {
    const size_t count = finite / 2;
    const vf *pair = m + (points - 1) % 2;
    if (count > 3) winograd_add_pair(pairs[3], results, true, pair[6], pair[7], y);
    if (count > 2) winograd_add_pair(pairs[2], results, count == 3, pair[4], pair[5], y);
    if (count > 1) winograd_add_pair(pairs[1], results, count == 2, pair[2], pair[3], y);
    winograd_add_pair(pairs[0], results, count == 1, pair[0], pair[1], y);
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
SIMD_CASE_INLINE size_t winograd_row_numbers(const winograd_transform transform, const size_t finite) {
    return transform.numbers - (transform.points - 1 - finite);
}

SIMD_CASE_INLINE void winograd_transform_row(
    const winograd_transform transform, const size_t finite, const vf *from, vf *to) {
    const size_t numbers = winograd_row_numbers(transform, finite);
    switch (transform.kind) {
        case WINOGRAD_DATA: winograd_data(transform.pairs, transform.points, finite, from, to); break;
        case WINOGRAD_FILTER: winograd_filter(transform.pairs, transform.points, finite, numbers, from, to); break;
        case WINOGRAD_RESULT: winograd_result(transform.pairs, transform.points, finite, numbers, from, to); break;
    }
}
