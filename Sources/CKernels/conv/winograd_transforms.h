// What a tier has for Winograd's filtering: the transforms of tiles, vectorised over channels. Those for three taps a
// side have six points a side for four results, or four for two, those for two taps five for four; the number at points
// (y, x) of a channel is in plane y * points + x.
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

/// Where a tile at the edge of an image has three results or fewer: downwards and to the right. Such a side does with
/// one point less, `winograd_cut_point`; then these planes are neither written nor read.
typedef struct {
    bool down, right;
} snn_winograd_cut;

/// Which lines of planes are written: those of points y < 3, or from there on, take about half of the work each.
typedef enum { SNN_WINOGRAD_ALL, SNN_WINOGRAD_UPPER, SNN_WINOGRAD_LOWER } snn_winograd_lines;

/// Results of a tile a side, at most.
enum { winograd_most_side = 4 };

/// A point of three taps for four results. Without it the products at the others lack its factor, which the data has
/// then.
enum { winograd_cut_point = 4 };

/// Pixels are points x points, taps x taps and side x side pointers to their channels, row by row: floats, but
/// where a format is given. The pixels of what is transformed next are fetched meanwhile.
typedef struct {
    size_t side;  ///< results of a tile a side
    void (*spread_data)(size_t channels, snn_number_format format, const void *const *pixels, const void *const *next,
        snn_winograd_lines lines, snn_winograd_infinity infinity, snn_winograd_cut cut, float *out, size_t plane);
    /// Of whole vectors of channels, to aligned planes, past the caches: a fence must follow.
    void (*spread_weights)(size_t channels, const void *const *pixels, float *out, size_t plane);
    /// Channels [first, end). This and gather_weights are for weight gradients: NULL where a side is two.
    void (*spread_gradient)(size_t first, size_t end, snn_number_format format, const void *const *pixels,
        const void *const *next, snn_winograd_lines lines, snn_winograd_cut cut, float *out, size_t plane);
    /// To side x side and taps x taps pixels; those that are NULL are left out. The bias may be NULL.
    void (*gather_output)(size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity,
        snn_winograd_cut cut, const float *bias, snn_number_format format, void *const *pixels);
    void (*gather_weights)(
        size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity, void *const *pixels);
} snn_winograd_transforms;

#endif
