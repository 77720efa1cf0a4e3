// The normalisation micro-kernels: sums down the columns of a tile (batch norm, and the parameters' gradients of both
// norms), sums along a row (layer norm), and the linear maps that follow.
#include "bfloat16/rounding.h"
#include "norm/norm_tile.h"
#include "runtime/parallel.h"

/// Rows summed by themselves before a column sum takes them: the sums become two-level.
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

/// Runs CALL(format) with a tile's format as a constant; floats are read alike, rounded or not.
#define NORM_BY_FORMAT(FORMAT, CALL)    \
    do {                                \
        if ((FORMAT) == SNN_BFLOAT16) { \
            CALL(SNN_BFLOAT16);         \
        } else {                        \
            CALL(SNN_FLOAT32);          \
        }                               \
    } while (0)

/// Runs CALL(from, to) with the formats of a tile and of what it becomes; numbers at 16 bits become such ones or
/// floats.
#define NORM_BY_FORMATS(FROM, TO, CALL)         \
    do {                                        \
        if ((FROM) != SNN_BFLOAT16) {           \
            if ((TO) == SNN_ROUNDED) {          \
                CALL(SNN_FLOAT32, SNN_ROUNDED); \
            } else {                            \
                CALL(SNN_FLOAT32, SNN_FLOAT32); \
            }                                   \
        } else if ((TO) == SNN_BFLOAT16) {      \
            CALL(SNN_BFLOAT16, SNN_BFLOAT16);   \
        } else {                                \
            CALL(SNN_BFLOAT16, SNN_FLOAT32);    \
        }                                       \
    } while (0)

SIMD_INLINE void add_or_store(bool add, float *p, vf v, size_t lanes) {
    v_store_lanes(p, add ? v_load_lanes(p, lanes) + v : v, lanes);
}

/// Two sums for each channel over a group of rows. Rows are read one after another, as memory likes it, so the sums are
/// in the cache.
typedef struct {
    float sums[SNN_NORM_SEGMENT], products[SNN_NORM_SEGMENT];
} norm_group;

/// Where a row stands in its group; `add` tells whether the column sums hold those of groups before.
typedef struct {
    bool first, last, add;
} norm_place;

SIMD_INLINE norm_place place_in_group(size_t row, size_t rows, bool add) {
    const size_t in_group = row % NORM_GROUP;
    return (norm_place){in_group == 0, in_group + 1 == NORM_GROUP || row + 1 == rows, add || row >= NORM_GROUP};
}

/// Adds (a, a * b) to the sums of the channels from c on.
SIMD_INLINE void add_to_group(
    norm_place place, vf a, vf b, norm_group *group, size_t c, size_t lanes, float *sums, float *products) {
    const vf sum = place.first ? a : v_load(group->sums + c) + a;
    const vf product = place.first ? a * b : v_fma(a, b, v_load(group->products + c));
    if (place.last) {
        add_or_store(place.add, sums + c, sum, lanes);
        add_or_store(place.add, products + c, product, lanes);
    } else {
        v_store(group->sums + c, sum);
        v_store(group->products + c, product);
    }
}

/// The mean of the first group of rows.
SIMD_INLINE void origin_vector(
    const snn_number_format format, const size_t lanes, const snn_norm_tile *tile, size_t c, float *origins) {
    const size_t rows = snn_min(tile->rows, NORM_GROUP);
    vf origin = v_zero();
    for (size_t i = 0; i < rows; i++) origin += v_load_numbers(format, tile->x, i * tile->stride + c, lanes);
    v_store_lanes(origins + c, origin / v_set1((float)(int32_t)rows), lanes);
}

SIMD_INLINE void statistics_vector(const snn_number_format format, norm_place place, const size_t lanes,
    const snn_norm_tile *tile, size_t row, size_t c, const float *origins, norm_group *group, float *sums,
    float *squares) {
    const vf x = v_load_numbers(format, tile->x, row * tile->stride + c, lanes);
    const vf distance = x - v_load_lanes(origins + c, lanes);
    add_to_group(place, distance, distance, group, c, lanes, sums, squares);
}

SIMD_INLINE void statistics_row(const snn_number_format format, norm_place place, const snn_norm_tile *tile, size_t row,
    const float *origins, norm_group *group, float *sums, float *squares){
#define VECTOR(L, C) statistics_vector(format, place, L, tile, row, C, origins, group, sums, squares)
    NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
}

SIMD_INLINE void find_origins(const snn_number_format format, const snn_norm_tile *tile, float *origins){
#define VECTOR(L, C) origin_vector(format, L, tile, C, origins)
    NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
}

SIMD_INLINE void statistics_rows(
    const snn_number_format format, const snn_norm_tile *tile, bool add, float *origins, float *sums, float *squares) {
    norm_group group;
    if (!add) find_origins(format, tile, origins);
    for (size_t row = 0; row < tile->rows; row++) {
        const norm_place place = place_in_group(row, tile->rows, add);
        statistics_row(format, place, tile, row, origins, &group, sums, squares);
    }
}

/// Sums of x - origin and of its square. The first group's mean is the origin: being a mean of numbers of the chunk, it
/// is never so far off that the variance, sum of squares minus square of sums, loses more than a few bits. `add` to
/// those of the tiles above, about their origin.
static void norm_statistics(const snn_norm_tile *tile, bool add, float *origins, float *sums, float *squares) {
#define CALL(FORMAT) statistics_rows(FORMAT, tile, add, origins, sums, squares)
    NORM_BY_FORMAT(tile->format, CALL);
#undef CALL
}

/// x - center.
SIMD_INLINE vf norm_distance(const snn_number_format format, const snn_norm_tile *tile,
    const snn_norm_coefficients *coefficients, size_t row, size_t c, size_t lanes) {
    const vf x = v_load_numbers(format, tile->x, row * tile->stride + c, lanes);
    return x - v_load_lanes(coefficients->center + c, lanes);
}

SIMD_INLINE void norm_forward_vector(const snn_number_format from, const snn_number_format to, const bool relu,
    const size_t lanes, const snn_norm_tile *tile, const snn_norm_coefficients *coefficients, size_t row, size_t c,
    const snn_norm_target *target) {
    const vf distance = norm_distance(from, tile, coefficients, row, c, lanes);
    vf result =
        v_fma(distance, v_load_lanes(coefficients->factor + c, lanes), v_load_lanes(coefficients->offset + c, lanes));
    if (tile->addend != NULL) result += v_load_numbers(from, tile->addend, row * tile->stride + c, lanes);
    v_store_numbers(
        to, target->numbers, row * target->stride + c, lanes, relu ? (result < v_zero() ? v_zero() : result) : result);
}

/// On copies, here and below: for all the compiler knows, storing numbers might change what the pointers lead to.
SIMD_INLINE void norm_forward_rows(const snn_number_format from, const snn_number_format to, const bool relu,
    const snn_norm_tile *tile, const snn_norm_coefficients *coefficients, const snn_norm_target *target) {
    const snn_norm_tile local = *tile;
    const snn_norm_coefficients map = *coefficients;
    const snn_norm_target place = *target;
    for (size_t row = 0; row < local.rows; row++) {
#define VECTOR(L, C) norm_forward_vector(from, to, relu, L, &local, &map, row, C, &place)
        NORM_CHANNELS(local.channels, VECTOR)
#undef VECTOR
    }
}

static void norm_forward(
    const snn_norm_tile *tile, const snn_norm_coefficients *coefficients, bool relu, const snn_norm_target *target) {
#define CALL(FROM, TO)                                                  \
    if (relu) {                                                         \
        norm_forward_rows(FROM, TO, true, tile, coefficients, target);  \
    } else {                                                            \
        norm_forward_rows(FROM, TO, false, tile, coefficients, target); \
    }
    NORM_BY_FORMATS(tile->format, target->format, CALL);
#undef CALL
}

/// What of a row's dy reaches the map, of whose input `distance` is that from the center.
SIMD_INLINE vf gradient_vector(const snn_number_format format, const bool relu, const snn_norm_gradient *gradient,
    size_t row, size_t c, size_t lanes, vf distance, const float *factors) {
    const vf dy = v_load_numbers(format, gradient->dy, row * gradient->stride + c, lanes);
    if (!relu) return dy;
    const vf z = v_fma(distance, v_load_lanes(factors + c, lanes), v_load_lanes(gradient->relu_offset + c, lanes));
    // As PyTorch: where the output is NaN, the gradient passes.
    return z <= v_zero() ? v_zero() : dy;
}

/// Adds the gradient of a row, and that times x - center, to the sums of their group.
SIMD_INLINE void gradient_sums_row(const snn_number_format x, const snn_number_format dy, const bool relu,
    norm_place place, const snn_norm_tile *tile, const snn_norm_gradient *gradient,
    const snn_norm_coefficients *forward, size_t row, norm_group *group, float *sums, float *products) {
#define VECTOR(L, C)                                                                             \
    do {                                                                                         \
        const vf distance = norm_distance(x, tile, forward, row, C, L);                          \
        const vf dz = gradient_vector(dy, relu, gradient, row, C, L, distance, forward->factor); \
        add_to_group(place, dz, distance, group, C, L, sums, products);                          \
    } while (0)
    NORM_CHANNELS(tile->channels, VECTOR)
#undef VECTOR
}

SIMD_INLINE void gradient_sums_rows(const snn_number_format x, const snn_number_format dy, const bool relu, bool add,
    const snn_norm_tile *tile, const snn_norm_gradient *gradient, const snn_norm_coefficients *forward, float *sums,
    float *products) {
    const snn_norm_tile local = *tile;
    const snn_norm_coefficients map = *forward;
    const snn_norm_gradient from = *gradient;
    norm_group group;
    for (size_t row = 0; row < local.rows; row++) {
        const norm_place place = place_in_group(row, local.rows, add);
        gradient_sums_row(x, dy, relu, place, &local, &from, &map, row, &group, sums, products);
    }
}

/// Column sums of the gradient, and of the gradient times x - center.
static void norm_gradient_sums(const snn_norm_tile *tile, const snn_norm_gradient *gradient,
    const snn_norm_coefficients *forward, bool add, float *sums, float *products) {
#define CALL(X, DY)                                                                     \
    if (gradient->relu_offset != NULL) {                                                \
        gradient_sums_rows(X, DY, true, add, tile, gradient, forward, sums, products);  \
    } else {                                                                            \
        gradient_sums_rows(X, DY, false, add, tile, gradient, forward, sums, products); \
    }
    NORM_BY_FORMATS(tile->format, gradient->format, CALL);
#undef CALL
}

SIMD_INLINE vf norm_backward_vector(const snn_number_format x, const snn_number_format dy, const bool relu,
    const bool through_statistics, const size_t lanes, const snn_norm_tile *tile, const snn_norm_gradient *gradient,
    const snn_norm_coefficients *coefficients, size_t row, size_t c) {
    const vf distance = norm_distance(x, tile, coefficients, row, c, lanes);
    const vf dz = gradient_vector(dy, relu, gradient, row, c, lanes, distance, coefficients->factor);
    const vf factor = v_load_lanes(coefficients->factor + c, lanes);
    if (!through_statistics) return dz * factor;
    const vf rest =
        v_fma(distance, v_load_lanes(coefficients->slope + c, lanes), v_load_lanes(coefficients->offset + c, lanes));
    return v_fma(dz, factor, rest);
}

SIMD_INLINE void norm_backward_rows(const snn_number_format x, const snn_number_format dy, const snn_number_format dx,
    const bool relu, const bool through_statistics, const snn_norm_tile *tile, const snn_norm_gradient *gradient,
    const snn_norm_coefficients *coefficients, void *numbers) {
    const snn_norm_tile local = *tile;
    const snn_norm_coefficients map = *coefficients;
    const snn_norm_gradient from = *gradient;
    for (size_t row = 0; row < local.rows; row++) {
#define VECTOR(L, C)                                       \
    v_store_numbers(dx, numbers, row *local.stride + C, L, \
        norm_backward_vector(x, dy, relu, through_statistics, L, &local, &from, &map, row, C))
        NORM_CHANNELS(local.channels, VECTOR)
#undef VECTOR
    }
}

SIMD_INLINE void norm_backward_formats(const bool relu, const bool through_statistics, const snn_norm_tile *tile,
    const snn_norm_gradient *gradient, const snn_norm_coefficients *coefficients, void *dx) {
#define ROWS(X, DY, DX) norm_backward_rows(X, DY, DX, relu, through_statistics, tile, gradient, coefficients, dx)
    if (tile->format == SNN_FLOAT32) {
        ROWS(SNN_FLOAT32, SNN_FLOAT32, SNN_FLOAT32);
    } else if (tile->format == SNN_ROUNDED) {
        ROWS(SNN_FLOAT32, SNN_FLOAT32, SNN_ROUNDED);
    } else if (gradient->format == SNN_BFLOAT16) {
        ROWS(SNN_BFLOAT16, SNN_BFLOAT16, SNN_BFLOAT16);
    } else {
        ROWS(SNN_BFLOAT16, SNN_FLOAT32, SNN_BFLOAT16);
    }
#undef ROWS
}

/// dx in the format of x, and where x is in its tensor; it may be dy.
static void norm_backward(
    const snn_norm_tile *tile, const snn_norm_gradient *gradient, const snn_norm_coefficients *coefficients, void *dx) {
    const bool relu = gradient->relu_offset != NULL, through_statistics = coefficients->slope != NULL;
    if (relu && through_statistics) {
        norm_backward_formats(true, true, tile, gradient, coefficients, dx);
    } else if (relu) {
        norm_backward_formats(true, false, tile, gradient, coefficients, dx);
    } else if (through_statistics) {
        norm_backward_formats(false, true, tile, gradient, coefficients, dx);
    } else {
        norm_backward_formats(false, false, tile, gradient, coefficients, dx);
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
        const vf x = v_load_numbers(SNN_FLOAT32, tile->x, i * tile->stride + c, lanes);
        const vf distance = x - v_set1(mean[i]);
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
#undef NORM_BY_FORMATS
#undef NORM_BY_FORMAT
#undef NORM_ROWS
#undef NORM_CHANNELS
#undef NORM_GROUP
