// Random numbers are made in pieces: the bits in a buffer on the stack, then what is made of them.
#ifndef SNN_RANDOM_PIECES_H
#define SNN_RANDOM_PIECES_H

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Numbers of a piece.
#define SNN_RANDOM_PIECE 1024
/// Numbers of its buffer, which is filled in whole runs of the generator: up to two vectors of 16 more.
#define SNN_RANDOM_BUFFER (SNN_RANDOM_PIECE + 32)
/// What making one number costs, for snn_threads_for.
#define SNN_RANDOM_COST 8

/// Fills `bits` with the numbers from `offset` on, at least `count` of them and a multiple of two vectors; returns how
/// many.
static inline size_t snn_random_piece(
    const snn_kernel_table *kernels, uint64_t seed, uint64_t offset, size_t count, uint32_t *bits) {
    const size_t made = snn_round_up(count, 2 * kernels->width);
    kernels->random_bits(seed, offset, made, bits);
    return made;
}

#endif
