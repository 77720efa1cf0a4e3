// Convolution in blocks of bfloat16 numbers (gemm/blocks.h), whose rows are pixels of several images and
// neighbouring columns: so the pixels of one tap are those of the next, one column on.
#ifndef SNN_CONV_BLOCKS_H
#define SNN_CONV_BLOCKS_H

#include <stdint.h>

#include "conv/geometry.h"
#include "conv/packing.h"

/// Bytes of the weights in blocks of B: [panel of 32 columns][tap][32 of the depth].
size_t conv_blocks_packed_size(const conv_packing *packing);
void conv_blocks_pack(const conv_packing *packing, const float *weights, uint16_t *packed);

typedef struct {
    const uint16_t *source, *packed;
    const snn_epilogue *epilogue;  ///< or NULL
    uint16_t *target;
} conv_block_operands;

/// The sum that the forward pass and the data gradient both are, at all positions of the geometry.
void conv_blocks(const conv_geometry *geometry, const conv_block_operands *operands, void *workspace);
size_t conv_blocks_workspace_size(const conv_geometry *geometry);

void conv_blocks_backward_weights(const snn_conv_shape *shape, const uint16_t *x, const uint16_t *dy, bool accumulate,
    float *dweights, void *workspace);
size_t conv_blocks_backward_weights_workspace_size(const snn_conv_shape *shape);

#endif
