// What a tier has for Winograd's filtering: the transforms of tiles, vectorised over channels. Those for three taps a
// side have ten points a side for eight results, six for four or four for two, those for two taps five for four; the
// number at points (y, x) of a channel is in plane y * points + x.
#ifndef SNN_CONV_WINOGRAD_TRANSFORMS_H
#define SNN_CONV_WINOGRAD_TRANSFORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/bfloat16.h"

/// Whether the last point, which is infinity, is of use: downwards and to the right. A sum of one tap has no products
/// there; then these planes are neither written nor read.
typedef struct {
    bool down, right;
} snn_winograd_infinity;

/// How many results a tile has downwards and to the right: at the edge of an image it may be fewer than `side`. Three
/// taps then do with so many points less (winograd_has_point), whose planes are neither written nor read.
typedef struct {
    size_t down, right;
} snn_winograd_results;

/// Which lines of planes are written: the first half of them, or the others, take about half of the work each.
typedef enum { SNN_WINOGRAD_ALL, SNN_WINOGRAD_UPPER, SNN_WINOGRAD_LOWER } snn_winograd_lines;

/// Results and points of a tile a side, at most.
enum { winograd_most_side = 8, winograd_most_points = 10 };

/// Finite points of so many results: two taps always have all.
static inline size_t winograd_finite(size_t points, size_t taps, size_t results) {
    return taps == 3 ? results + 1 : points - 1;
}

/// Whether `point` is one of so few finite points, or infinity: zero is where their number is odd, and first where
/// there is one at all; the others follow in pairs.
static inline bool winograd_has_point(size_t points, size_t finite, size_t point) {
    const size_t first = (points - 1) % 2;
    if (point == points - 1) return true;
    return point < first ? finite % 2 == 1 : (point - first) / 2 < finite / 2;
}

/// Pixels are points x points, taps x taps and side x side pointers to their channels, row by row: floats, but
/// where a format is given. The pixels of what is transformed next are fetched meanwhile.
typedef struct {
    size_t side;  ///< results of a tile a side
    void (*spread_data)(size_t channels, snn_number_format format, const void *const *pixels, const void *const *next,
        snn_winograd_lines lines, snn_winograd_infinity infinity, snn_winograd_results results, float *out,
        size_t plane);
    /// Of whole vectors of channels, to aligned planes, past the caches: a fence must follow.
    void (*spread_weights)(size_t channels, const void *const *pixels, float *out, size_t plane);
    /// Channels [first, end). This and gather_weights are for weight gradients: NULL where a side is two.
    void (*spread_gradient)(size_t first, size_t end, snn_number_format format, const void *const *pixels,
        const void *const *next, snn_winograd_lines lines, snn_winograd_results results, float *out, size_t plane);
    /// To side x side and taps x taps pixels; those that are NULL are left out. The bias may be NULL.
    void (*gather_output)(size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity,
        snn_winograd_results results, const float *bias, snn_number_format format, void *const *pixels);
    void (*gather_weights)(
        size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity, void *const *pixels);
} snn_winograd_transforms;

#endif
