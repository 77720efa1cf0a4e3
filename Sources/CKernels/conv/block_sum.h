// A block of targets in bfloat16: the sum of a list of runs, and then the activation.
#ifndef SNN_CONV_BLOCK_SUM_H
#define SNN_CONV_BLOCK_SUM_H

#include "conv/block_list.h"
#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"

typedef struct {
    const snn_kernel_table *kernels;
    const snn_block_kernels *blocks;
    const snn_epilogue *epilogue;  ///< or NULL
    bool is_long;                  ///< whether there may be more runs than a list holds
} block_sum_rules;

typedef struct {
    const block_sum_rules *rules;
    snn_block_product target;
    block_list list;  ///< to which the runs are added
    float floats[SNN_BLOCK_NUMBERS];
} block_sum;

/// What is still to be added to, or to go through the activation, is not rounded yet.
static inline bool block_sum_is_in_floats(const block_sum_rules *rules) {
    return rules->is_long || snn_epilogue_activates(rules->epilogue);
}

/// A sum without runs, for a target that has a narrow_c; its columns are those from `column` on.
static inline void block_sum_start(
    block_sum *sum, const block_sum_rules *rules, const snn_block_product *target, size_t column) {
    sum->rules = rules;
    sum->target = *target;
    sum->target.alpha = 1;
    sum->target.bias = snn_epilogue_bias(rules->epilogue, column);
    snn_block_product product = sum->target;
    if (block_sum_is_in_floats(rules)) {
        product.c = sum->floats;
        product.narrow_c = NULL;
        product.c_group = product.group_rows * SNN_BLOCK;
        product.c_row = SNN_BLOCK;
    }
    block_list_start(&sum->list, rules->blocks, product);
}

/// Applies the activation to the floats and brings them to 16 bits, where the target has its C.
static inline void block_sum_narrow(block_sum *sum) {
    const snn_block_product *target = &sum->target;
    const block_sum_rules *rules = sum->rules;
    for (size_t g = 0; g < target->groups; g++) {
        for (size_t r = 0; r < target->rows; r++) {
            float *row = sum->floats + (g * target->group_rows + r) * SNN_BLOCK;
            if (snn_epilogue_activates(rules->epilogue)) {
                rules->kernels->activation_forward(rules->epilogue->activation, target->columns, row, row);
            }
            rules->kernels->narrow_to_bfloat16(
                target->columns, row, target->narrow_c + g * target->c_group + r * target->c_row);
        }
    }
}

/// Writes the target. Without runs it is the bias.
static inline void block_sum_end(block_sum *sum) {
    block_list_flush(&sum->list);
    if (block_sum_is_in_floats(sum->rules)) block_sum_narrow(sum);
}

#endif
