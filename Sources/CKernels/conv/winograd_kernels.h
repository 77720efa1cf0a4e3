// The transforms of Winograd's minimal filtering (Lavin & Gray, "Fast algorithms for convolutional neural networks",
// 2016). Six numbers of a row d, filtered by three weights g to four results, are
//     y = A' [(G g) * (B' d)]
// with six products in place of twelve, and five numbers by two weights with five in place of eight; images take a
// transform along their columns and one along their rows. Four numbers to two results take four products in place of
// six. Filtering by four numbers to three or two results (the weight gradient) has the same B' d, and A and G of other
// lengths.
//
// B' d are d's remainders, (G g) the values of the polynomial g at the points: 0, +-0.75, +-1.5 and infinity, or 0,
// +-0.75, 2 and infinity, or 0, +-1 and infinity. Their squares and products are exact in float32, and the results lose
// about one bit more than by direct sums; the textbook's 0, +-1, +-2 would lose three.
static const float winograd_a = 0.75f, winograd_b = 1.5f, winograd_c = 2;
static const float winograd_a2 = 0.5625f, winograd_b2 = 2.25f;

enum { winograd_most_points = 6, winograd_upper = 3 };

/// B' d at six points.
SIMD_INLINE void winograd_data_6(const vf *d, vf *r) {
    const vf minus_a2 = v_set1(-winograd_a2), minus_b2 = v_set1(-winograd_b2);
    const vf minus_sum = v_set1(-(winograd_a2 + winograd_b2)), product = v_set1(winograd_a2 * winograd_b2);
    const vf even_a = v_fma(minus_b2, d[2], d[4]), odd_a = v_fma(minus_b2, d[1], d[3]);
    const vf even_b = v_fma(minus_a2, d[2], d[4]), odd_b = v_fma(minus_a2, d[1], d[3]);
    r[0] = v_fma(product, d[0], v_fma(minus_sum, d[2], d[4]));
    r[1] = v_fma(v_set1(winograd_a), odd_a, even_a);
    r[2] = v_fma(v_set1(-winograd_a), odd_a, even_a);
    r[3] = v_fma(v_set1(winograd_b), odd_b, even_b);
    r[4] = v_fma(v_set1(-winograd_b), odd_b, even_b);
    r[5] = v_fma(product, d[1], v_fma(minus_sum, d[3], d[5]));
}

/// B' d at the same points without the last but one, -b, for three results: times a point's distance from there, by
/// which the values of the polynomial g at the six points have been divided.
SIMD_INLINE void winograd_data_cut(const vf *d, vf *r) {
    const vf minus_a2 = v_set1(-winograd_a2), minus_b = v_set1(-winograd_b);
    const vf even = v_fma(minus_b, d[1], d[2]), odd = v_fma(minus_b, d[2], d[3]);
    const vf first = v_fma(minus_a2, d[0], d[2]), second = v_fma(minus_a2, d[1], d[3]);
    const vf third = v_fma(minus_a2, d[2], d[4]);
    r[0] = v_set1(winograd_b) * v_fma(minus_b, first, second);
    r[1] = v_set1(winograd_b + winograd_a) * v_fma(v_set1(winograd_a), even, odd);
    r[2] = v_set1(winograd_b - winograd_a) * v_fma(v_set1(-winograd_a), even, odd);
    r[3] = v_set1(2 * winograd_b) * second;
    r[4] = v_zero();
    r[5] = v_fma(minus_b, second, third);
}

/// B' d at five points.
SIMD_INLINE void winograd_data_5(const vf *d, vf *r) {
    const vf minus_a2 = v_set1(-winograd_a2), minus_c = v_set1(-winograd_c);
    const vf first = v_fma(minus_a2, d[0], d[2]), second = v_fma(minus_a2, d[1], d[3]);
    const vf third = v_fma(minus_a2, d[2], d[4]);
    const vf even = v_fma(minus_c, d[2], d[3]), odd = v_fma(minus_c, d[1], d[2]);
    r[0] = v_fma(minus_c, first, second);
    r[1] = v_fma(v_set1(winograd_a), odd, even);
    r[2] = v_fma(v_set1(-winograd_a), odd, even);
    r[3] = second;
    r[4] = v_fma(minus_c, second, third);
}

/// B' d at four points.
SIMD_INLINE void winograd_data_4(const vf *d, vf *r) {
    r[0] = d[2] - d[0];
    r[1] = d[2] + d[1];
    r[2] = d[2] - d[1];
    r[3] = d[3] - d[1];
}

/// G g at six points for `taps` numbers, 3 or 4: values at the points, divided by the product of the point's distances
/// to the others.
SIMD_INLINE void winograd_filter6(const size_t taps, const vf *g, vf *r) {
    const float scale_a = 1 / (2 * winograd_a2 * (winograd_a2 - winograd_b2));
    const float scale_b = 1 / (2 * winograd_b2 * (winograd_b2 - winograd_a2));
    const vf odd = taps > 3 ? g[3] : v_zero();
    const vf even_a = v_fma(v_set1(scale_a * winograd_a2), g[2], v_set1(scale_a) * g[0]);
    const vf odd_a = v_fma(v_set1(scale_a * winograd_a * winograd_a2), odd, v_set1(scale_a * winograd_a) * g[1]);
    const vf even_b = v_fma(v_set1(scale_b * winograd_b2), g[2], v_set1(scale_b) * g[0]);
    const vf odd_b = v_fma(v_set1(scale_b * winograd_b * winograd_b2), odd, v_set1(scale_b * winograd_b) * g[1]);
    r[0] = v_set1(1 / (winograd_a2 * winograd_b2)) * g[0];
    r[1] = even_a + odd_a;
    r[2] = even_a - odd_a;
    r[3] = even_b + odd_b;
    r[4] = even_b - odd_b;
    r[5] = g[taps - 1];
}

/// G g at five points for `taps` numbers, 2 or 4.
SIMD_INLINE void winograd_filter5(const size_t taps, const vf *g, vf *r) {
    const float scale_plus = 1 / (2 * winograd_a2 * (winograd_a - winograd_c));
    const float scale_minus = 1 / (2 * winograd_a2 * (-winograd_a - winograd_c));
    const float scale_c = 1 / (winograd_c * (winograd_c * winograd_c - winograd_a2));
    vf even = g[0], odd = v_set1(winograd_a) * g[1], at_c = v_fma(v_set1(winograd_c), g[1], g[0]);
    if (taps > 2) {
        even = v_fma(v_set1(winograd_a2), g[2], even);
        odd = v_fma(v_set1(winograd_a * winograd_a2), g[3], odd);
        const vf upper = v_fma(v_set1(winograd_c), g[3], g[2]);
        at_c = v_fma(v_set1(winograd_c * winograd_c), upper, at_c);
    }
    r[0] = v_set1(1 / (winograd_a2 * winograd_c)) * g[0];
    r[1] = v_set1(scale_plus) * (even + odd);
    r[2] = v_set1(scale_minus) * (even - odd);
    r[3] = v_set1(scale_c) * at_c;
    r[4] = g[taps - 1];
}

/// G g at four points for three numbers.
SIMD_INLINE void winograd_filter_4_3(const vf *g, vf *r) {
    const vf half = v_set1(0.5f), even = half * (g[0] + g[2]), odd = half * g[1];
    r[0] = -g[0];
    r[1] = even + odd;
    r[2] = even - odd;
    r[3] = g[2];
}

SIMD_INLINE void winograd_filter_6_3(const vf *g, vf *r) { winograd_filter6(3, g, r); }
SIMD_INLINE void winograd_filter_6_4(const vf *g, vf *r) { winograd_filter6(4, g, r); }
SIMD_INLINE void winograd_filter_5_2(const vf *g, vf *r) { winograd_filter5(2, g, r); }
SIMD_INLINE void winograd_filter_5_4(const vf *g, vf *r) { winograd_filter5(4, g, r); }

/// A' m of six points to `results` numbers, 3 or 4.
SIMD_INLINE void winograd_result6(const size_t results, const vf *m, vf *y) {
    const vf sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = v_fma(v_set1(winograd_b), difference_b, v_set1(winograd_a) * difference_a);
    y[2] = v_fma(v_set1(winograd_b2), sum_b, v_set1(winograd_a2) * sum_a);
    if (results > 3) {
        y[3] = v_fma(v_set1(winograd_b * winograd_b2), difference_b, v_set1(winograd_a * winograd_a2) * difference_a);
    }
    y[results - 1] += m[5];
}

/// A' m of five points to `results` numbers, 2 or 4.
SIMD_INLINE void winograd_result5(const size_t results, const vf *m, vf *y) {
    const vf sum = m[1] + m[2], difference = v_set1(winograd_a) * (m[1] - m[2]);
    y[0] = m[0] + sum + m[3];
    y[1] = v_fma(v_set1(winograd_c), m[3], difference);
    if (results > 2) {
        y[2] = v_fma(v_set1(winograd_c * winograd_c), m[3], v_set1(winograd_a2) * sum);
        y[3] = v_fma(v_set1(winograd_c * winograd_c * winograd_c), m[3], v_set1(winograd_a2) * difference);
    }
    y[results - 1] += m[4];
}

/// A' m of four points to two results.
SIMD_INLINE void winograd_result_4_2(const vf *m, vf *y) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
}

SIMD_INLINE void winograd_result_6_3(const vf *m, vf *y) { winograd_result6(3, m, y); }
SIMD_INLINE void winograd_result_6_4(const vf *m, vf *y) { winograd_result6(4, m, y); }
/// Three results of a cut side, and none in place of the fourth.
SIMD_INLINE void winograd_result_cut(const vf *m, vf *y) {
    winograd_result6(3, m, y);
    y[3] = v_zero();
}
SIMD_INLINE void winograd_result_5_2(const vf *m, vf *y) { winograd_result5(2, m, y); }
SIMD_INLINE void winograd_result_5_4(const vf *m, vf *y) { winograd_result5(4, m, y); }

/// A transform of a row or a column.
typedef void winograd_transform(const vf *from, vf *to);

/// Fetches some channels of a column of pixels.
SIMD_INLINE void winograd_fetch_column(
    const size_t size, const snn_number_format format, const void *const *column, size_t channel) {
    const size_t bytes = channel * snn_number_size(format);
    if (bytes % SNN_ALIGNMENT != 0) return;
#pragma clang loop unroll(full)
    for (size_t y = 0; y < size; y++) __builtin_prefetch((const char *)column[y * size] + bytes);
}

/// A square of size x size pixels to the planes of points x points in lines [first, end), `lanes` channels of it; past
/// the caches where it `streams`, which is a constant at every call. Meanwhile the columns of the next square are
/// fetched that it does not have in common with its left neighbour; `next` may be NULL.
SIMD_INLINE void winograd_spread(const size_t points, const size_t side, const size_t size, const size_t first,
    const size_t end, winograd_transform *const transform, winograd_transform *const cut_transform, const bool streams,
    const snn_number_format format, const void *const *pixels, const void *const *next, snn_winograd_infinity infinity,
    snn_winograd_cut cut, size_t channel, size_t lanes, float *out, size_t plane) {
    const size_t common = size > side ? size - side : 0;
    vf half[winograd_most_points][winograd_most_points];
#pragma clang loop unroll(full)
    for (size_t x = 0; x < size; x++) {
        vf column[winograd_most_points], transformed[winograd_most_points];
#pragma clang loop unroll(full)
        for (size_t y = 0; y < size; y++) column[y] = v_load_numbers(format, pixels[y * size + x], channel, lanes);
        if (next != NULL && x >= common) winograd_fetch_column(size, format, next + x, channel);
        cut.down ? cut_transform(column, transformed) : transform(column, transformed);
#pragma clang loop unroll(full)
        for (size_t y = first; y < end; y++) half[y][x] = transformed[y];
    }
#pragma clang loop unroll(full)
    for (size_t y = first; y < end; y++) {
        if (y == points - 1 && !infinity.down) continue;
        if (y == winograd_cut_point && cut.down) continue;
        vf transformed[winograd_most_points];
        cut.right ? cut_transform(half[y], transformed) : transform(half[y], transformed);
#pragma clang loop unroll(full)
        for (size_t x = 0; x < points; x++) {
            if (x == points - 1 && !infinity.right) continue;
            if (x == winograd_cut_point && cut.right) continue;
            float *place = out + (y * points + x) * plane + channel;
            if (streams) {
                v_stream(place, transformed[x]);
            } else {
                v_store_lanes(place, transformed[x], lanes);
            }
        }
    }
}

/// The numbers of `lanes` channels in the planes to size x size results.
SIMD_INLINE void winograd_gather(const size_t points, const size_t size, winograd_transform *const transform,
    winograd_transform *const cut_transform, const float *in, size_t plane, snn_winograd_infinity infinity,
    snn_winograd_cut cut, size_t channel, size_t lanes, vf results[4][4]) {
    vf half[4][winograd_most_points];
#pragma clang loop unroll(full)
    for (size_t x = 0; x < points; x++) {
        const bool right = x == points - 1 ? infinity.right : !(x == winograd_cut_point && cut.right);
        vf column[winograd_most_points], transformed[4];
#pragma clang loop unroll(full)
        for (size_t y = 0; y < points; y++) {
            const bool down = y == points - 1 ? infinity.down : !(y == winograd_cut_point && cut.down);
            column[y] = right && down ? v_load_lanes(in + (y * points + x) * plane + channel, lanes) : v_zero();
        }
        cut.down ? cut_transform(column, transformed) : transform(column, transformed);
#pragma clang loop unroll(full)
        for (size_t y = 0; y < size; y++) half[y][x] = transformed[y];
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < size; y++) {
        cut.right ? cut_transform(half[y], results[y]) : transform(half[y], results[y]);
    }
}

/// The same to pixels.
SIMD_INLINE void winograd_store_square(const size_t points, const size_t size, winograd_transform *const transform,
    winograd_transform *const cut_transform, const float *in, size_t plane, snn_winograd_infinity infinity,
    snn_winograd_cut cut, const float *bias, const snn_number_format format, void *const *pixels, size_t channel,
    size_t lanes) {
    vf results[4][4];
    winograd_gather(points, size, transform, cut_transform, in, plane, infinity, cut, channel, lanes, results);
    const vf offset = bias != NULL ? v_load_lanes(bias + channel, lanes) : v_zero();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < size * size; i++) {
        if (pixels[i] == NULL) continue;
        v_store_numbers(format, pixels[i], channel, lanes, results[i / size][i % size] + offset);
    }
}

static const snn_winograd_infinity winograd_everywhere = {true, true};
static const snn_winograd_cut winograd_uncut = {false, false};

#define WINOGRAD_TAPS 3
#define WINOGRAD_POINTS 6
#define WINOGRAD_SIDE 4
#define WINOGRAD_SUMS_GRADIENTS
#include "conv/winograd_channels.h"

#define WINOGRAD_TAPS 3
#define WINOGRAD_POINTS 4
#define WINOGRAD_SIDE 2
#include "conv/winograd_channels.h"

#define WINOGRAD_TAPS 2
#define WINOGRAD_POINTS 5
#define WINOGRAD_SIDE 4
#define WINOGRAD_SUMS_GRADIENTS
#include "conv/winograd_channels.h"
