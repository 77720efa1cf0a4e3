// A counter-based random generator: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
// Number i of a stream is a pure function of (seed, i), so any thread can make any part.
#ifndef SWIFTNN_RANDOM_H
#define SWIFTNN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/// The 32-bit numbers offset ..< offset + count of stream `seed`. Number i is word i % 4 of the block with
/// counter i / 4 (low word first, upper two counter words 0) and key = seed (low word first).
void snn_random_bits(uint64_t seed, uint64_t offset, size_t count, uint32_t *out);

/// Uniform in [low, high): low + (high - low) * (bits >> 8) * 2^-24, never `high`.
void snn_random_uniform(uint64_t seed, uint64_t offset, size_t count, float low, float high, float *out);

/// Normal by Box-Muller: numbers 2j and 2j + 1 of the stream use bits 2j (radius) and 2j + 1 (angle).
void snn_random_normal(uint64_t seed, uint64_t offset, size_t count, float mean, float deviation, float *out);

/// 64 random bits: numbers 2 * index and 2 * index + 1 of the stream, the first being the low half.
uint64_t snn_random_u64(uint64_t seed, uint64_t index);

#endif
