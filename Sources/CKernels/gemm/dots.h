// Products with a transposed B, which would take longer to pack than it is used: rows of A are multiplied with rows of
// B as both lie.
#ifndef SNN_GEMM_DOTS_H
#define SNN_GEMM_DOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/gemm.h"

bool gemm_prefers_dots(const snn_gemm_shape *shape);
void gemm_by_dots(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue, float *c);

#endif
