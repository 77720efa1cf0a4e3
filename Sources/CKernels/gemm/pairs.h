// Products of bfloat16 numbers at 16 bits: in the packed operands, two numbers that follow each other along the depth
// take the place of a float, the first in its lower half. Their products are added to one float32 sum in one
// instruction. A product of an odd depth gets a zero.
#ifndef SNN_GEMM_PAIRS_H
#define SNN_GEMM_PAIRS_H

#include <stddef.h>

#include "gemm/tile.h"

/// Sources are floats that bfloat16 has.
typedef struct {
    /// `gemm_tile` with pairs in A and in B, which is padded.
    void (*tile)(const snn_tile *tile);
    /// The numbers of each of `rows` rows in pairs, the rows side by side.
    void (*pair_columns)(size_t rows, size_t columns, const float *x, size_t x_row, float *out);
    /// Rows in pairs, number by number; rows of `out` start out_row apart.
    void (*pair_rows)(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row);
    /// As that of the kernel table.
    float (*multiply_add)(size_t rounds, size_t *operations_per_round);
} snn_pair_kernels;

/// NULL where the calling thread's tier or the CPU has no instruction for it.
const snn_pair_kernels *snn_pairs(void);

#if defined(__x86_64__)
extern const snn_pair_kernels snn_pairs_avx512;
#endif

#endif
