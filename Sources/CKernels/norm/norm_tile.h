// What the normalisation micro-kernels work on: some rows and channels of a matrix, small enough to stay in a cache.
#ifndef SNN_NORM_TILE_H
#define SNN_NORM_TILE_H

#include <stddef.h>

#include "swiftnn/norm.h"

/// 1 / sqrt(variance + epsilon); rounding may have left a variance of 0 just below it. NaN stays NaN.
static inline double snn_inverse_deviation(double variance, float epsilon) {
    return 1 / __builtin_sqrt((variance < 0 ? 0 : variance) + (double)epsilon);
}

typedef struct {
    size_t rows, channels;
    size_t stride;  ///< numbers from one row to the next, of x and of what is written
    const float *x;
} snn_norm_tile;

/// A linear map for each channel. Forward: y = (x - center) * factor + offset.
/// Backward: dx = dy * factor + (x - center) * slope + offset, or with slope = NULL: dx = dy * factor.
typedef struct {
    const float *center, *factor, *offset, *slope;
} snn_norm_coefficients;

/// The gradient that reaches a tile: dy, or where y is not NULL the part of dy that the ReLU whose output is y lets
/// pass. dy_stride is dy's own, y's is the tile's.
typedef struct {
    const float *dy;
    size_t dy_stride;
    const float *y;
} snn_norm_gradient;

#endif
