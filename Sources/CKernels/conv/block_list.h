// Products of blocks that add up to one tile of a convolution, a list of runs at a time.
#ifndef SNN_CONV_BLOCK_LIST_H
#define SNN_CONV_BLOCK_LIST_H

#include "gemm/blocks.h"

/// Runs that a list holds before they are summed.
enum { BLOCK_LIST_SIZE = 64 };

typedef struct {
    const snn_block_kernels *kernels;
    snn_block_product sum;
    snn_block_run runs[BLOCK_LIST_SIZE];
} block_list;

/// An empty list for the sum, whose beta and bias are for what comes first, and which is of floats where more runs may
/// follow than the list holds. Its runs are left as they are.
static inline void block_list_start(block_list *list, const snn_block_kernels *kernels, snn_block_product sum) {
    list->kernels = kernels;
    list->sum = sum;
    list->sum.runs = list->runs;
    list->sum.run_count = 0;
}

/// Adds what is in the list to C: the first time by the sum's own beta and bias, from then on to what C has. Once more
/// at the end.
static inline void block_list_flush(block_list *list) {
    list->kernels->product(&list->sum);
    list->sum.run_count = 0;
    list->sum.beta = 1;
    list->sum.bias = NULL;
}

static inline void block_list_add(block_list *list, snn_block_run run) {
    if (list->sum.run_count == BLOCK_LIST_SIZE) block_list_flush(list);
    list->runs[list->sum.run_count++] = run;
}

#endif
