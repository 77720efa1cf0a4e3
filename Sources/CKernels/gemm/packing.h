// op(B) as panels: columns of a register tile side by side, rows one after another.
#ifndef SNN_GEMM_PACKING_H
#define SNN_GEMM_PACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/kernel_table.h"

/// op(B) as it is given: k x n, or n x k where transposed.
typedef struct {
    const snn_kernel_table *kernels;
    size_t n;
    bool transpose;
    size_t ldb;
    const float *b;
} gemm_b;

/// The features [first, end) of the panels [first_panel, end_panel), each of `panel_stride` floats. The last panel of
/// op(B) has zeros up to the next multiple of the vector width.
void gemm_pack_panels(const gemm_b *b, size_t first_panel, size_t end_panel, size_t first, size_t end, float *packed,
    size_t panel_stride);

/// The features [first, end) of all panels, one behind the other, shared among `threads`.
void gemm_pack_slice(const gemm_b *b, size_t first, size_t end, float *packed, int threads);

#endif
