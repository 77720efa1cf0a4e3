// op(B) as panels: columns of a register tile side by side, rows one after another. Their elements are floats, or pairs
// of bfloat16 numbers: then a panel is blocks (gemm/blocks.h), one below the other.
#ifndef SNN_GEMM_PACKING_H
#define SNN_GEMM_PACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "gemm/blocks.h"
#include "runtime/kernel_table.h"

/// op(B) as it is given: k x n, or n x k where transposed.
typedef struct {
    const snn_kernel_table *kernels;
    const snn_block_kernels *blocks;  ///< NULL for panels of floats
    const snn_gemm_shape *shape;
    const float *b;
} gemm_b;

/// One or two tiles of rows, for which packing op(B) takes as long as the product.
bool gemm_has_few_rows(const snn_gemm_shape *shape);

/// What multiplies blocks in a product whose op(B) is packed beforehand, or NULL.
const snn_block_kernels *gemm_packed_blocks(const snn_gemm_shape *shape);

/// The same where it is not.
const snn_block_kernels *gemm_blocks(const snn_gemm_shape *shape);

/// The elements of a panel of all features: in blocks, whole ones.
size_t gemm_elements(const snn_gemm_shape *shape, const snn_block_kernels *blocks);

/// The features in so many elements from the first on.
size_t gemm_features(const snn_gemm_shape *shape, const snn_block_kernels *blocks, size_t elements);

/// The elements [first, end) of the panels [first_panel, end_panel), `panel_stride` from one panel to the next. The
/// last panel of op(B) has zeros up to the next multiple of the vector width; in blocks, to the end.
void gemm_pack_panels(const gemm_b *b, size_t first_panel, size_t end_panel, size_t first, size_t end, float *packed,
    size_t panel_stride);

/// The elements [first, end) of all panels, one behind the other, shared among `threads`.
void gemm_pack_slice(const gemm_b *b, size_t first, size_t end, float *packed, int threads);

#endif
