// Dropout: the random bits of a piece are made and used while they are in the first-level cache.
#include "swiftnn/dropout.h"

#include <math.h>

#include "random/pieces.h"

/// What the kept numbers are multiplied by.
static float kept_factor(float probability) { return probability < 1 ? (float)(1 / (1 - (double)probability)) : 0; }

void snn_dropout_forward(
    size_t count, float probability, uint64_t seed, uint64_t offset, const float *x, float *y, uint8_t *mask) {
    const snn_kernel_table *kernels = snn_kernels();
    const int32_t threshold = (int32_t)ceil(fmin(fmax(probability, 0), 1) * 0x1p24);
    SNN_PARALLEL_STEPS(snn_threads_for(count * SNN_RANDOM_COST), i, count, SNN_RANDOM_PIECE, {
        uint32_t bits[SNN_RANDOM_BUFFER];
        const size_t n = snn_min(SNN_RANDOM_PIECE, count - i);
        snn_random_piece(kernels, seed, offset + i, n, bits);
        kernels->dropout_forward(n, bits, threshold, kept_factor(probability), x + i, y + i, mask + i);
    });
}

void snn_dropout_backward(size_t count, float probability, const uint8_t *mask, const float *dy, float *dx) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN, {
        kernels->dropout_backward(snn_min(SNN_SPAN, count - i), kept_factor(probability), mask + i, dy + i, dx + i);
    });
}
