// Convolutions of bfloat16 numbers that are products of blocks which need no copies.
#ifndef SNN_CONV_BLOCK_PRODUCTS_H
#define SNN_CONV_BLOCK_PRODUCTS_H

#include "conv/blocks.h"

/// Whether each target is the product of one pixel and the weights, and whole blocks can be read where they lie.
bool conv_is_block_product(const conv_geometry *geometry);

/// As conv_blocks, for such geometries, and with the same bits.
void conv_block_products(const conv_geometry *geometry, const conv_block_operands *operands);

#endif
