// The multiply-add micro-kernel of CPUs with instructions for bfloat16.
#ifndef SNN_PEAK_BFLOAT16_H
#define SNN_PEAK_BFLOAT16_H

#include <stddef.h>

typedef float (*snn_multiply_add)(size_t rounds, size_t *operations_per_round);

/// As that of the kernel table, on pairs of bfloat16 with float32 sums; NULL where the CPU, or the tier in use, has no
/// instructions for it.
snn_multiply_add snn_multiply_add_bfloat16(void);

#endif
