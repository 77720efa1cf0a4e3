// The random numbers of a stream, in pieces for the threads: every number is a function of its place alone.
#include "swiftnn/random.h"

#include <math.h>
#include <string.h>

#include "random/pieces.h"

void snn_random_bits(uint64_t seed, uint64_t offset, size_t count, uint32_t *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count * SNN_RANDOM_COST), i, count, SNN_SPAN,
        { kernels->random_bits(seed, offset + i, snn_min(SNN_SPAN, count - i), out + i); });
}

void snn_random_uniform(uint64_t seed, uint64_t offset, size_t count, float low, float high, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    const float last = nextafterf(high, low);  // rounding could reach `high`
    SNN_PARALLEL_STEPS(snn_threads_for(count * SNN_RANDOM_COST), i, count, SNN_RANDOM_PIECE, {
        uint32_t bits[SNN_RANDOM_BUFFER];
        const size_t n = snn_min(SNN_RANDOM_PIECE, count - i);
        snn_random_piece(kernels, seed, offset + i, n, bits);
        kernels->random_uniform(n, bits, low, high - low, last, out + i);
    });
}

void snn_random_normal(uint64_t seed, uint64_t offset, size_t count, float mean, float deviation, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t skipped = offset % 2;  // the first number may be the second of its pair
    SNN_PARALLEL_STEPS(snn_threads_for(2 * count * SNN_RANDOM_COST), i, count, SNN_RANDOM_PIECE, {
        uint32_t bits[SNN_RANDOM_BUFFER];
        float numbers[SNN_RANDOM_BUFFER];
        const size_t n = snn_min(SNN_RANDOM_PIECE, count - i);
        const size_t made = snn_random_piece(kernels, seed, offset + i - skipped, n + skipped, bits);
        kernels->random_normal(made, bits, mean, deviation, numbers);
        memcpy(out + i, numbers + skipped, n * sizeof(float));
    });
}

uint64_t snn_random_u64(uint64_t seed, uint64_t index) {
    uint32_t words[2];
    snn_kernels()->random_bits(seed, 2 * index, 2, words);
    return words[0] | (uint64_t)words[1] << 32;
}
