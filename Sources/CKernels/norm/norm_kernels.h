// The normalisation micro-kernels: sums down the columns of a tile (batch norm, and the parameters' gradients of both
// norms), sums along a row (layer norm), and the linear maps that follow.
#include "norm/norm_tile.h"

/// Rows summed in registers before a column sum in memory is touched: eight streams keep the prefetcher busy, and the
/// sums become two-level.
#define NORM_GROUP 8

/// Calls VECTOR(lanes, first channel) for every vector of channels.
#define NORM_CHANNELS(CHANNELS, VECTOR)                                          \
    size_t c = 0;                                                                \
    for (; c + SIMD_WIDTH <= (CHANNELS); c += SIMD_WIDTH) VECTOR(SIMD_WIDTH, c); \
    if (c < (CHANNELS)) VECTOR((CHANNELS)-c, c);

/// Calls GROUP(rows, first row) for all rows of a tile; `rows` is the constant NORM_GROUP but for the last ones.
#define NORM_ROWS(ROWS, GROUP)                                              \
    size_t r = 0;                                                           \
    for (; r + NORM_GROUP <= (ROWS); r += NORM_GROUP) GROUP(NORM_GROUP, r); \
    if (r < (ROWS)) GROUP((ROWS)-r, r);

SIMD_INLINE void add_or_store(bool add, float *p, vf v, size_t lanes) {
    v_store_lanes(p, add ? v_load_lanes(p, lanes) + v : v, lanes);
}

/// Sums of x - origin and of its square. The first group's mean is the origin: being a mean of numbers of the chunk, it
/// is never so far off that the variance, sum of squares minus square of sums, loses more than a few bits.
SIMD_INLINE void statistics_vector(const size_t rows, bool first, const size_t lanes, size_t stride, const float *x,
    float *origins, float *sums, float *squares) {
    vf origin;
    if (first) {
        origin = v_zero();
        for (size_t i = 0; i < rows; i++) origin += v_load_lanes(x + i * stride, lanes);
        origin /= v_set1((float)(int32_t)rows);
        v_store_lanes(origins, origin, lanes);
    } else {
        origin = v_load_lanes(origins, lanes);
    }
    vf sum = v_zero(), square = v_zero();
    for (size_t i = 0; i < rows; i++) {
        const vf distance = v_load_lanes(x + i * stride, lanes) - origin;
        sum += distance;
        square = v_fma(distance, distance, square);
    }
    add_or_store(!first, sums, sum, lanes);
    add_or_store(!first, squares, square, lanes);
}

SIMD_INLINE void statistics_group(
    const size_t rows, const snn_norm_tile *tile, size_t row, float *origins, float *sums, float *squares) {
    const float *x = tile->x + row * tile->stride;
#define VECTOR(L, C) \
    statistics_vector(rows, row == 0, L, tile->stride, x + (C), origins + (C), sums + (C), squares + (C))
    NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
}

static void norm_statistics(const snn_norm_tile *tile, float *origins, float *sums, float *squares){
#define GROUP(N, R) statistics_group(N, tile, R, origins, sums, squares)
    NORM_ROWS(tile->rows, GROUP)
#undef GROUP
}

SIMD_INLINE void norm_forward_vector(const bool relu, const size_t lanes, const float *x, const float *center,
    const float *factor, const float *offset, float *y) {
    const vf distance = v_load_lanes(x, lanes) - v_load_lanes(center, lanes);
    const vf result = v_fma(distance, v_load_lanes(factor, lanes), v_load_lanes(offset, lanes));
    v_store_lanes(y, relu ? (result < v_zero() ? v_zero() : result) : result, lanes);
}

SIMD_INLINE void norm_forward_rows(
    const bool relu, const snn_norm_tile *tile, const snn_norm_coefficients *coefficients, float *y) {
    for (size_t row = 0; row < tile->rows; row++) {
        const size_t at = row * tile->stride;
#define VECTOR(L, C)                                                                                         \
    norm_forward_vector(relu, L, tile->x + at + (C), coefficients->center + (C), coefficients->factor + (C), \
        coefficients->offset + (C), y + at + (C))
        NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
    }
}

static void norm_forward(const snn_norm_tile *tile, const snn_norm_coefficients *coefficients, bool relu, float *y) {
    if (relu) {
        norm_forward_rows(true, tile, coefficients, y);
    } else {
        norm_forward_rows(false, tile, coefficients, y);
    }
}

SIMD_INLINE vf gradient_vector(
    const bool relu, const snn_norm_gradient *gradient, const snn_norm_tile *tile, size_t row, size_t c, size_t lanes) {
    const vf dy = v_load_lanes(gradient->dy + row * gradient->dy_stride + c, lanes);
    if (!relu) return dy;
    // As PyTorch: where the output is NaN, the gradient passes.
    return v_load_lanes(gradient->y + row * tile->stride + c, lanes) <= v_zero() ? v_zero() : dy;
}

SIMD_INLINE void gradient_sums_vector(const size_t rows, const bool relu, bool add, const size_t lanes,
    const snn_norm_tile *tile, const snn_norm_gradient *gradient, const float *centers, size_t row, size_t c,
    float *sums, float *products) {
    const vf center = v_load_lanes(centers + c, lanes);
    vf sum = v_zero(), product = v_zero();
    for (size_t i = 0; i < rows; i++) {
        const vf dy = gradient_vector(relu, gradient, tile, row + i, c, lanes);
        const vf distance = v_load_lanes(tile->x + (row + i) * tile->stride + c, lanes) - center;
        sum += dy;
        product = v_fma(dy, distance, product);
    }
    add_or_store(add, sums + c, sum, lanes);
    add_or_store(add, products + c, product, lanes);
}

SIMD_INLINE void gradient_sums_group(const size_t rows, const bool relu, bool add, const snn_norm_tile *tile,
    const snn_norm_gradient *gradient, const float *centers, size_t row, float *sums, float *products){
#define VECTOR(L, C) gradient_sums_vector(rows, relu, add, L, tile, gradient, centers, row, C, sums, products)
    NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
}

SIMD_INLINE void gradient_sums_rows(const bool relu, bool add, const snn_norm_tile *tile,
    const snn_norm_gradient *gradient, const float *centers, float *sums, float *products) {
#define GROUP(N, R) gradient_sums_group(N, relu, add || (R) > 0, tile, gradient, centers, R, sums, products)
    NORM_ROWS(tile->rows, GROUP)
#undef GROUP
}

/// Column sums of the gradient, and of the gradient times x - center.
static void norm_gradient_sums(const snn_norm_tile *tile, const snn_norm_gradient *gradient, const float *centers,
    bool add, float *sums, float *products) {
    if (gradient->y != NULL) {
        gradient_sums_rows(true, add, tile, gradient, centers, sums, products);
    } else {
        gradient_sums_rows(false, add, tile, gradient, centers, sums, products);
    }
}

SIMD_INLINE void norm_backward_vector(const bool relu, const bool through_statistics, const size_t lanes,
    const snn_norm_tile *tile, const snn_norm_gradient *gradient, const snn_norm_coefficients *coefficients, size_t row,
    size_t c, float *dx) {
    const vf dy = gradient_vector(relu, gradient, tile, row, c, lanes);
    const vf factor = v_load_lanes(coefficients->factor + c, lanes);
    float *out = dx + row * tile->stride + c;
    if (!through_statistics) {
        v_store_lanes(out, dy * factor, lanes);
        return;
    }
    const vf distance =
        v_load_lanes(tile->x + row * tile->stride + c, lanes) - v_load_lanes(coefficients->center + c, lanes);
    const vf rest =
        v_fma(distance, v_load_lanes(coefficients->slope + c, lanes), v_load_lanes(coefficients->offset + c, lanes));
    v_store_lanes(out, v_fma(dy, factor, rest), lanes);
}

SIMD_INLINE void norm_backward_rows(const bool relu, const bool through_statistics, const snn_norm_tile *tile,
    const snn_norm_gradient *gradient, const snn_norm_coefficients *coefficients, float *dx) {
    for (size_t row = 0; row < tile->rows; row++) {
#define VECTOR(L, C) norm_backward_vector(relu, through_statistics, L, tile, gradient, coefficients, row, C, dx)
        NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
    }
}

static void norm_backward(const snn_norm_tile *tile, const snn_norm_gradient *gradient,
    const snn_norm_coefficients *coefficients, float *dx) {
    const bool relu = gradient->y != NULL, through_statistics = coefficients->slope != NULL;
    if (relu && through_statistics) {
        norm_backward_rows(true, true, tile, gradient, coefficients, dx);
    } else if (relu) {
        norm_backward_rows(true, false, tile, gradient, coefficients, dx);
    } else if (through_statistics) {
        norm_backward_rows(false, true, tile, gradient, coefficients, dx);
    } else {
        norm_backward_rows(false, false, tile, gradient, coefficients, dx);
    }
}

/// Vectors of a row summed side by side, so that additions overlap.
#define ROW_VECTORS 4

SIMD_INLINE float sum_of_sums(const vf sums[ROW_VECTORS]) { return v_sum((sums[0] + sums[1]) + (sums[2] + sums[3])); }

/// Calls VECTOR(accumulator, lanes, first channel) for every vector of a row, accumulators in turn.
#define ROW_CHANNELS(CHANNELS, VECTOR)                                                  \
    size_t c = 0;                                                                       \
    for (; c + ROW_VECTORS * SIMD_WIDTH <= (CHANNELS); c += ROW_VECTORS * SIMD_WIDTH) { \
        VECTOR(0, SIMD_WIDTH, c);                                                       \
        VECTOR(1, SIMD_WIDTH, c + SIMD_WIDTH);                                          \
        VECTOR(2, SIMD_WIDTH, c + 2 * SIMD_WIDTH);                                      \
        VECTOR(3, SIMD_WIDTH, c + 3 * SIMD_WIDTH);                                      \
    }                                                                                   \
    for (; c + SIMD_WIDTH <= (CHANNELS); c += SIMD_WIDTH) VECTOR(0, SIMD_WIDTH, c);     \
    if (c < (CHANNELS)) VECTOR(1, (CHANNELS)-c, c);

SIMD_INLINE float norm_row_sum(size_t channels, const float *x) {
    vf sums[ROW_VECTORS] = {v_zero(), v_zero(), v_zero(), v_zero()};
#define VECTOR(A, L, C) sums[A] += v_load_lanes(x + (C), L)
    ROW_CHANNELS(channels, VECTOR)
#undef VECTOR
    return sum_of_sums(sums);
}

/// Sums of x - origin and of its square.
SIMD_INLINE void row_moments(size_t channels, const float *x, float origin, float *sum, float *square) {
    vf sums[ROW_VECTORS] = {v_zero(), v_zero(), v_zero(), v_zero()};
    vf squares[ROW_VECTORS] = {v_zero(), v_zero(), v_zero(), v_zero()};
#define VECTOR(A, L, C)                                                                      \
    do {                                                                                     \
        const vf distance = v_select_lanes(L, v_load_lanes(x + (C), L) - v_set1(origin), 0); \
        sums[A] += distance;                                                                 \
        squares[A] = v_fma(distance, distance, squares[A]);                                  \
    } while (0)
    ROW_CHANNELS(channels, VECTOR)
#undef VECTOR
    *sum = sum_of_sums(sums);
    *square = sum_of_sums(squares);
}

SIMD_INLINE void layer_norm_vector(const size_t lanes, const float *x, const float *scale, const float *shift,
    vf origin, vf factor, vf offset, float *y) {
    vf result = v_fma(v_load_lanes(x, lanes) - origin, factor, offset);
    if (scale != NULL) result *= v_load_lanes(scale, lanes);
    if (shift != NULL) result += v_load_lanes(shift, lanes);
    v_store_lanes(y, result, lanes);
}

/// The sum gives an origin near the mean; the moments around it give what is left of the mean and the variance without
/// cancellation. The row is in the cache after the first pass.
static void layer_norm_forward_row(const snn_norm_shape *shape, const float *x, const float *scale, const float *shift,
    float *mean, float *inverse_deviation, float *y) {
    const double share = 1 / (double)(ptrdiff_t)shape->channels;
    const float origin = (float)(norm_row_sum(shape->channels, x) * share);
    float sum, square;
    row_moments(shape->channels, x, origin, &sum, &square);
    const double rest = sum * share, variance = square * share - rest * rest;
    const double inverse = snn_inverse_deviation(variance, shape->epsilon);
    *mean = (float)(origin + rest);
    *inverse_deviation = (float)inverse;
    const vf origins = v_set1(origin), factor = v_set1((float)inverse), offset = v_set1((float)(-rest * inverse));
#define VECTOR(L, C)                                                                                               \
    layer_norm_vector(L, x + (C), scale == NULL ? NULL : scale + (C), shift == NULL ? NULL : shift + (C), origins, \
        factor, offset, y + (C))
    NORM_CHANNELS(shape->channels, VECTOR)
#undef VECTOR
}

SIMD_INLINE vf scaled_gradient(const float *dy, const float *scale, size_t c, size_t lanes) {
    const vf gradient = v_load_lanes(dy + c, lanes);
    return scale == NULL ? gradient : gradient * v_load_lanes(scale + c, lanes);
}

static void layer_norm_backward_row(size_t channels, const float *x, const float *dy, const float *scale, float mean,
    float inverse_deviation, float *dx) {
    vf sums[ROW_VECTORS] = {v_zero(), v_zero(), v_zero(), v_zero()};
    vf products[ROW_VECTORS] = {v_zero(), v_zero(), v_zero(), v_zero()};
    const vf center = v_set1(mean);
#define VECTOR(A, L, C)                                                                \
    do {                                                                               \
        const vf gradient = scaled_gradient(dy, scale, C, L);                          \
        sums[A] += gradient;                                                           \
        products[A] = v_fma(gradient, v_load_lanes(x + (C), L) - center, products[A]); \
    } while (0)
    { ROW_CHANNELS(channels, VECTOR) }
#undef VECTOR
    const double inverse = inverse_deviation, share = inverse / (double)(ptrdiff_t)channels;
    const vf factor = v_set1(inverse_deviation);
    const vf offset = v_set1((float)(-share * sum_of_sums(sums)));
    const vf slope = v_set1((float)(-share * inverse * inverse * sum_of_sums(products)));
#define VECTOR(L, C)                                                                       \
    do {                                                                                   \
        const vf rest = v_fma(v_load_lanes(x + (C), L) - center, slope, offset);           \
        v_store_lanes(dx + (C), v_fma(scaled_gradient(dy, scale, C, L), factor, rest), L); \
    } while (0)
    NORM_CHANNELS(channels, VECTOR)
#undef VECTOR
}

SIMD_INLINE void parameter_sums_vector(const size_t rows, bool add, const size_t lanes, const snn_norm_tile *tile,
    const float *dy, const float *mean, const float *inverse_deviation, size_t row, size_t c, float *sums,
    float *products) {
    vf sum = v_zero(), product = v_zero();
    for (size_t i = row; i < row + rows; i++) {
        const vf gradient = v_load_lanes(dy + i * tile->stride + c, lanes);
        const vf distance = v_load_lanes(tile->x + i * tile->stride + c, lanes) - v_set1(mean[i]);
        sum += gradient;
        product = v_fma(gradient, distance * v_set1(inverse_deviation[i]), product);
    }
    add_or_store(add, sums + c, sum, lanes);
    add_or_store(add, products + c, product, lanes);
}

SIMD_INLINE void parameter_sums_group(const size_t rows, bool add, const snn_norm_tile *tile, const float *dy,
    const float *mean, const float *inverse_deviation, size_t row, float *sums, float *products) {
#define VECTOR(L, C) parameter_sums_vector(rows, add, L, tile, dy, mean, inverse_deviation, row, C, sums, products)
    NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
}

/// Column sums of dy, and of dy times the normalised x.
static void layer_norm_parameter_sums(const snn_norm_tile *tile, const float *dy, const float *mean,
    const float *inverse_deviation, bool add, float *sums, float *products) {
#define GROUP(N, R) parameter_sums_group(N, add || (R) > 0, tile, dy, mean, inverse_deviation, R, sums, products)
    NORM_ROWS(tile->rows, GROUP)
#undef GROUP
}

#undef ROW_CHANNELS
#undef ROW_VECTORS
#undef NORM_ROWS
#undef NORM_CHANNELS
#undef NORM_GROUP
