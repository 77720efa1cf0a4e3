// Products of blocks that add up to one tile of a convolution, a list at a time.
#ifndef SNN_CONV_BLOCK_LIST_H
#define SNN_CONV_BLOCK_LIST_H

#include "gemm/blocks.h"

/// Blocks that a list holds before they are summed.
enum { BLOCK_LIST_SIZE = 256 };

typedef struct {
    const snn_block_kernels *kernels;
    snn_block_product sum;
    bool rounds;  ///< the sum of all
    const uint16_t *a[BLOCK_LIST_SIZE], *b[BLOCK_LIST_SIZE];
} block_list;

/// An empty list for the sum, whose beta and bias are for what comes first. Its pointers are left as they are.
static inline void block_list_start(block_list *list, const snn_block_kernels *kernels, snn_block_product sum) {
    list->kernels = kernels;
    list->sum = sum;
    list->sum.rounds = false;
    list->rounds = sum.rounds;
    list->sum.a = list->a;
    list->sum.b = list->b;
    list->sum.count = 0;
}

/// Adds what is in the list to C: the first time by the sum's own beta and bias, from then on to what C has.
static inline void block_list_flush(block_list *list) {
    list->kernels->product(&list->sum);
    list->sum.count = 0;
    list->sum.beta = 1;
    list->sum.bias = NULL;
}

/// Adds the last ones.
static inline void block_list_finish(block_list *list) {
    list->sum.rounds = list->rounds;
    block_list_flush(list);
}

static inline void block_list_add(block_list *list, const uint16_t *a, const uint16_t *b) {
    if (list->sum.count == BLOCK_LIST_SIZE) block_list_flush(list);
    list->a[list->sum.count] = a;
    list->b[list->sum.count++] = b;
}

#endif
