// The transforms of Winograd's minimal filtering (Lavin & Gray, "Fast algorithms for convolutional neural networks",
// 2016), vectorised over channels. Six numbers of a row d, filtered by three weights g to four results, are
//     y = A' [(G g) * (B' d)]
// with six products in place of twelve; images take a transform along their columns and one along their rows. Filtering
// by four numbers to three results (the weight gradient) has the same B' d, and A and G of other lengths.
//
// B' d are d's remainders, (G g) the values of the polynomial g at six points: 0, +-0.75, +-1.5 and infinity. Their
// squares and products are exact in float32, and the results lose about one bit more than by direct sums; the
// textbook's 0, +-1, +-2 would lose three.
static const float winograd_a = 0.75f, winograd_b = 1.5f;
static const float winograd_a2 = 0.5625f, winograd_b2 = 2.25f;

enum { winograd_points = 6 };

/// B' d.
SIMD_INLINE void winograd_data(const vf *d, vf *r) {
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

/// G g for `taps` numbers, 3 or 4: values at the points, divided by the product of the point's distances to the others.
SIMD_INLINE void winograd_filter(const size_t taps, const vf *g, vf *r) {
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

SIMD_INLINE void winograd_filter3(const vf *g, vf *r) { winograd_filter(3, g, r); }
SIMD_INLINE void winograd_filter4(const vf *g, vf *r) { winograd_filter(4, g, r); }

/// A' m to `results` numbers, 3 or 4.
SIMD_INLINE void winograd_result(const size_t results, const vf *m, vf *y) {
    const vf sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = v_fma(v_set1(winograd_b), difference_b, v_set1(winograd_a) * difference_a);
    y[2] = v_fma(v_set1(winograd_b2), sum_b, v_set1(winograd_a2) * sum_a);
    if (results > 3) {
        y[3] = v_fma(v_set1(winograd_b * winograd_b2), difference_b, v_set1(winograd_a * winograd_a2) * difference_a);
    }
    y[results - 1] += m[5];
}

/// A square of size x size pixels to 36 planes, `lanes` channels of it.
SIMD_INLINE void winograd_spread(const size_t size, void (*const transform)(const vf *, vf *),
    const float *const *pixels, size_t channel, size_t lanes, float *out, size_t plane) {
    vf half[winograd_points][winograd_points];
#pragma clang loop unroll(full)
    for (size_t x = 0; x < size; x++) {
        vf column[winograd_points], transformed[winograd_points];
#pragma clang loop unroll(full)
        for (size_t y = 0; y < size; y++) column[y] = v_load_lanes(pixels[y * size + x] + channel, lanes);
        transform(column, transformed);
#pragma clang loop unroll(full)
        for (size_t y = 0; y < winograd_points; y++) half[y][x] = transformed[y];
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < winograd_points; y++) {
        vf transformed[winograd_points];
        transform(half[y], transformed);
#pragma clang loop unroll(full)
        for (size_t x = 0; x < winograd_points; x++) {
            v_store_lanes(out + (y * winograd_points + x) * plane + channel, transformed[x], lanes);
        }
    }
}

/// The 36 numbers of `lanes` channels to size x size results.
SIMD_INLINE void winograd_gather(
    const size_t size, const float *in, size_t plane, size_t channel, size_t lanes, vf results[4][4]) {
    vf half[4][winograd_points];
#pragma clang loop unroll(full)
    for (size_t x = 0; x < winograd_points; x++) {
        vf column[winograd_points], transformed[4];
#pragma clang loop unroll(full)
        for (size_t y = 0; y < winograd_points; y++) {
            column[y] = v_load_lanes(in + (y * winograd_points + x) * plane + channel, lanes);
        }
        winograd_result(size, column, transformed);
#pragma clang loop unroll(full)
        for (size_t y = 0; y < size; y++) half[y][x] = transformed[y];
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < size; y++) winograd_result(size, half[y], results[y]);
}

#define WINOGRAD_SPREAD(NAME, SIZE, TRANSFORM)                                                   \
    static void NAME(size_t channels, const float *const *pixels, float *out, size_t plane) {    \
        size_t c = 0;                                                                            \
        for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {                                    \
            winograd_spread(SIZE, TRANSFORM, pixels, c, SIMD_WIDTH, out, plane);                 \
        }                                                                                        \
        if (c < channels) winograd_spread(SIZE, TRANSFORM, pixels, c, channels - c, out, plane); \
    }

WINOGRAD_SPREAD(winograd_spread_data, 6, winograd_data)
WINOGRAD_SPREAD(winograd_spread_weights, 3, winograd_filter3)
WINOGRAD_SPREAD(winograd_spread_gradient, 4, winograd_filter4)
#undef WINOGRAD_SPREAD

SIMD_INLINE void winograd_store_square(const size_t size, const float *in, size_t plane, const float *bias,
    float *const *pixels, size_t channel, size_t lanes) {
    vf results[4][4];
    winograd_gather(size, in, plane, channel, lanes, results);
    const vf offset = bias != NULL ? v_load_lanes(bias + channel, lanes) : v_zero();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < size * size; i++) {
        if (pixels[i] != NULL) v_store_lanes(pixels[i] + channel, results[i / size][i % size] + offset, lanes);
    }
}

#define WINOGRAD_GATHER(NAME, SIZE)                                                                             \
    static void NAME(size_t channels, const float *in, size_t plane, const float *bias, float *const *pixels) { \
        size_t c = 0;                                                                                           \
        for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {                                                   \
            winograd_store_square(SIZE, in, plane, bias, pixels, c, SIMD_WIDTH);                                \
        }                                                                                                       \
        if (c < channels) winograd_store_square(SIZE, in, plane, bias, pixels, c, channels - c);                \
    }

WINOGRAD_GATHER(winograd_gather_output, 4)
WINOGRAD_GATHER(winograd_gather_weights, 3)
#undef WINOGRAD_GATHER
