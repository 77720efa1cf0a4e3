// What the normalisation micro-kernels work on: some rows and channels of a matrix, small enough to stay in a cache.
#ifndef SNN_NORM_TILE_H
#define SNN_NORM_TILE_H

#include <stddef.h>

#include "swiftnn/norm.h"

/// 1 / sqrt(variance + epsilon); rounding may have left a variance of 0 just below it. NaN stays NaN.
static inline double snn_inverse_deviation(double variance, float epsilon) {
    return 1 / __builtin_sqrt((variance < 0 ? 0 : variance) + (double)epsilon);
}

/// The most channels of a tile of batch norm.
#define SNN_NORM_SEGMENT 1024

typedef struct {
    size_t rows, channels;
    size_t stride;  ///< numbers from one row to the next
    snn_number_format format;
    const void *x;
    const void *addend;  ///< what forward adds to the map, of the same format and at the same places; or NULL
} snn_norm_tile;

/// Where what a tile becomes goes.
typedef struct {
    size_t stride;
    snn_number_format format;
    void *numbers;
} snn_norm_target;

/// A linear map for each channel. Forward: y = (x - center) * factor + offset.
/// Backward: dx = dy * factor + (x - center) * slope + offset, or with slope = NULL: dx = dy * factor.
typedef struct {
    const float *center, *factor, *offset, *slope;
} snn_norm_coefficients;

/// The gradient that reaches a tile: dy, or where relu_offset is not NULL the part of dy that a ReLU behind the map
/// (x - center) * factor + relu_offset lets pass.
typedef struct {
    size_t stride;
    snn_number_format format;  ///< as x, or floats
    const void *dy;
    const float *relu_offset;
} snn_norm_gradient;

#endif
