// Inverted dropout.
#ifndef SWIFTNN_DROPOUT_H
#define SWIFTNN_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

/// y[i] = x[i] / (1 - probability) where kept, else 0; mask[i] is 1 where kept, else 0. Element i is kept by the random
/// number at counter `offset` + i of the stream `seed`. y may be x.
void snn_dropout_forward(
    size_t count, float probability, uint64_t seed, uint64_t offset, const float *x, float *y, uint8_t *mask);

/// dx[i] = dy[i] / (1 - probability) where kept, else 0; dx may be dy.
void snn_dropout_backward(size_t count, float probability, const uint8_t *mask, const float *dy, float *dx);

#endif
