// The sum over taps that the forward pass and the data gradient both are.
#ifndef SNN_CONV_GATHER_H
#define SNN_CONV_GATHER_H

#include "conv/geometry.h"
#include "swiftnn/gemm.h"

typedef struct {
    const float *source;
    const float *packed;           ///< weights
    const float *zeros;            ///< conv_zeros_size(geometry) bytes of zeros: a pixel of the padding
    const snn_epilogue *epilogue;  ///< or NULL
    float *target;
} conv_operands;

size_t conv_zeros_size(const conv_geometry *geometry);

/// target = activation(sum over taps of source * weights + bias), at all positions of the geometry.
void conv_gather(const conv_geometry *geometry, const conv_operands *operands);

#endif
