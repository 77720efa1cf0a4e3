// The transforms of Winograd's filtering for tiles: those of winograd_points.h along the columns, then along the rows.
#include "conv/winograd_points.h"

/// The pairs of so many points. Their squares and the products of these are exact in float32. The results of six points
/// lose about one bit more than direct sums (the textbook's 0, +-1, +-2 would lose three), those of five less than one,
/// those of ten five (with 0, +-1/2, +-1, +-2, +-4, nine): among the least of a thousand sets of eighths up to 3.
static const float winograd_pairs_10[winograd_most_pairs] = {0.875f, 2.25f, 0.375f, 1.25f};
static const float winograd_pairs_6[winograd_most_pairs] = {0.75f, 1.5f};
static const float winograd_pairs_5[winograd_most_pairs] = {0.5f, 1.25f};
static const float winograd_pairs_4[winograd_most_pairs] = {1};

/// A square between its two transforms: points by numbers.
typedef vf winograd_half[winograd_most_points][winograd_most_points];

/// Fetches some channels of a column of pixels.
SIMD_CASE_INLINE void winograd_fetch_column(
    const size_t size, const snn_number_format format, const void *const *column, size_t channel) {
    const size_t bytes = channel * snn_number_size(format);
    if (bytes % SNN_ALIGNMENT != 0) return;
#pragma clang loop unroll(full)
    for (size_t y = 0; y < size; y++) __builtin_prefetch((const char *)column[y * size] + bytes);
}

/// Column x of a square of pixels to the points in lines [first, end), of which so many finite ones are there.
/// Meanwhile the same column of the next square is fetched, if that does not have it in common with its left neighbour:
/// the last `fetched` are its own. `next` may be NULL.
SIMD_CASE_INLINE void winograd_spread_column(const winograd_transform transform, const size_t finite,
    const size_t first, const size_t end, const snn_number_format format, const void *const *pixels,
    const void *const *next, const size_t fetched, size_t x, size_t channel, size_t lanes, winograd_half half) {
    const size_t size = transform.numbers;
    vf column[winograd_most_points], transformed[winograd_most_points];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < winograd_row_numbers(transform, finite); y++) {
        column[y] = v_load_numbers(format, pixels[y * size + x], channel, lanes);
    }
    if (x + fetched >= size && next != NULL) winograd_fetch_column(size, format, next + x, channel);
    winograd_transform_row(transform, finite, column, transformed);
#pragma clang loop unroll(full)
    for (size_t y = first; y < end; y++) half[y][x] = transformed[y];
}

/// Row y of what the columns have become to its planes, if it is one of `down` finite points; past the caches where it
/// `streams`.
SIMD_CASE_INLINE void winograd_spread_row(const winograd_transform transform, const size_t finite, const bool streams,
    const winograd_half half, size_t y, size_t down, snn_winograd_infinity infinity, size_t channel, size_t lanes,
    float *out, size_t plane) {
    const size_t points = transform.points;
    if (!winograd_has_point(points, down, y) || (y == points - 1 && !infinity.down)) return;
    vf transformed[winograd_most_points];
    winograd_transform_row(transform, finite, half[y], transformed);
#pragma clang loop unroll(full)
    for (size_t x = 0; x < points; x++) {
        if (!winograd_has_point(points, finite, x) || (x == points - 1 && !infinity.right)) continue;
        float *place = out + (y * points + x) * plane + channel;
        if (streams) {
            v_stream(place, transformed[x]);
        } else {
            v_store_lanes(place, transformed[x], lanes);
        }
    }
}

/// All columns of a square that has `right` finite points to the right, as many as there are or one less.
SIMD_CASE_INLINE void winograd_spread_columns(const winograd_transform transform, const size_t finite,
    const size_t first, const size_t end, const snn_number_format format, const void *const *pixels,
    const void *const *next, const size_t fetched, size_t right, size_t channel, winograd_half half) {
#pragma clang loop unroll(full)
    for (size_t x = 0; x < transform.numbers; x++) {
        if (x + 1 == transform.numbers && right < transform.points - 1) break;
        winograd_spread_column(
            transform, finite, first, end, format, pixels, next, fetched, x, channel, SIMD_WIDTH, half);
    }
}

/// All rows of what they have become, in lines [first, end).
SIMD_CASE_INLINE void winograd_spread_rows(const winograd_transform transform, const size_t finite, const bool streams,
    const size_t first, const size_t end, const winograd_half half, size_t down, snn_winograd_infinity infinity,
    size_t channel, float *out, size_t plane) {
#pragma clang loop unroll(full)
    for (size_t y = first; y < end; y++) {
        winograd_spread_row(transform, finite, streams, half, y, down, infinity, channel, SIMD_WIDTH, out, plane);
    }
}

/// A whole vector of a square, to lines [first, end): without loops.
SIMD_CASE_INLINE void winograd_spread(const winograd_transform transform, const bool streams, const size_t first,
    const size_t end, const snn_number_format format, const void *const *pixels, const void *const *next,
    const size_t fetched, size_t down, size_t right, snn_winograd_infinity infinity, size_t channel, float *out,
    size_t plane) {
    const size_t all = transform.points - 1;
    winograd_half half;
    if (down == all) {
        winograd_spread_columns(transform, all, first, end, format, pixels, next, fetched, right, channel, half);
    } else {
        winograd_spread_columns(transform, all - 1, first, end, format, pixels, next, fetched, right, channel, half);
    }
    if (right == all) {
        winograd_spread_rows(transform, all, streams, first, end, half, down, infinity, channel, out, plane);
    } else {
        winograd_spread_rows(transform, all - 1, streams, first, end, half, down, infinity, channel, out, plane);
    }
}

/// Column x of the planes, if it is one of `right` finite points, to its numbers.
SIMD_CASE_INLINE void winograd_gather_column(const winograd_transform transform, const size_t finite, const float *in,
    size_t plane, size_t x, size_t right, snn_winograd_infinity infinity, size_t channel, size_t lanes,
    winograd_half half) {
    const size_t points = transform.points;
    if (!winograd_has_point(points, right, x)) return;
    const bool is_there = x < points - 1 || infinity.right;
    vf column[winograd_most_points], transformed[winograd_most_side];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < points; y++) {
        if (!winograd_has_point(points, finite, y)) continue;
        const bool is_read = is_there && (y < points - 1 || infinity.down);
        column[y] = is_read ? v_load_lanes(in + (y * points + x) * plane + channel, lanes) : v_zero();
    }
    winograd_transform_row(transform, finite, column, transformed);
#pragma clang loop unroll(full)
    for (size_t y = 0; y < winograd_row_numbers(transform, finite); y++) half[y][x] = transformed[y];
}

/// Row y of these to pixels.
SIMD_CASE_INLINE void winograd_gather_row(const winograd_transform transform, const size_t finite,
    const winograd_half half, size_t y, const float *bias, const snn_number_format format, void *const *pixels,
    size_t channel, size_t lanes) {
    const vf offset = bias != NULL ? v_load_lanes(bias + channel, lanes) : v_zero();
    vf results[winograd_most_side];
    winograd_transform_row(transform, finite, half[y], results);
#pragma clang loop unroll(full)
    for (size_t x = 0; x < winograd_row_numbers(transform, finite); x++) {
        void *pixel = pixels[y * transform.numbers + x];
        if (pixel != NULL) v_store_numbers(format, pixel, channel, lanes, results[x] + offset);
    }
}

/// All columns of planes that have `right` finite points to the right.
SIMD_CASE_INLINE void winograd_gather_columns(const winograd_transform transform, const size_t finite, const float *in,
    size_t plane, size_t right, snn_winograd_infinity infinity, size_t channel, winograd_half half) {
#pragma clang loop unroll(full)
    for (size_t x = 0; x < transform.points; x++) {
        winograd_gather_column(transform, finite, in, plane, x, right, infinity, channel, SIMD_WIDTH, half);
    }
}

/// All rows of what they have become that has `down` finite points downwards.
SIMD_CASE_INLINE void winograd_gather_rows(const winograd_transform transform, const size_t finite,
    const winograd_half half, size_t down, const float *bias, const snn_number_format format, void *const *pixels,
    size_t channel) {
#pragma clang loop unroll(full)
    for (size_t y = 0; y < transform.numbers; y++) {
        if (y + 1 == transform.numbers && down < transform.points - 1) break;
        winograd_gather_row(transform, finite, half, y, bias, format, pixels, channel, SIMD_WIDTH);
    }
}

/// Planes to a whole vector of a square: without loops.
SIMD_CASE_INLINE void winograd_gather(const winograd_transform transform, const float *in, size_t plane, size_t down,
    size_t right, snn_winograd_infinity infinity, const float *bias, const snn_number_format format,
    void *const *pixels, size_t channel) {
    const size_t all = transform.points - 1;
    winograd_half half;
    if (down == all) {
        winograd_gather_columns(transform, all, in, plane, right, infinity, channel, half);
    } else {
        winograd_gather_columns(transform, all - 1, in, plane, right, infinity, channel, half);
    }
    if (right == all) {
        winograd_gather_rows(transform, all, half, down, bias, format, pixels, channel);
    } else {
        winograd_gather_rows(transform, all - 1, half, down, bias, format, pixels, channel);
    }
}

static const snn_winograd_infinity winograd_everywhere = {true, true};

#define WINOGRAD_TAPS 3
#define WINOGRAD_POINTS 10
#define WINOGRAD_SUMS_GRADIENTS
#include "conv/winograd_channels.h"

#define WINOGRAD_TAPS 3
#define WINOGRAD_POINTS 6
#define WINOGRAD_SUMS_GRADIENTS
#include "conv/winograd_channels.h"

#define WINOGRAD_TAPS 3
#define WINOGRAD_POINTS 4
#include "conv/winograd_channels.h"

#define WINOGRAD_TAPS 2
#define WINOGRAD_POINTS 5
#define WINOGRAD_SUMS_GRADIENTS
#include "conv/winograd_channels.h"
