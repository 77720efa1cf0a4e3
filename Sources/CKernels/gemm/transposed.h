// Products of few rows with a transposed B, which would take longer to pack than to multiply: C' = B A' packs the few
// rows instead.
#ifndef SNN_GEMM_TRANSPOSED_H
#define SNN_GEMM_TRANSPOSED_H

#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/gemm.h"

bool gemm_is_transposed(const snn_gemm_shape *shape);
size_t gemm_transposed_workspace_size(const snn_gemm_shape *shape);
void gemm_transposed(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue,
    float *c, void *workspace);

#endif
