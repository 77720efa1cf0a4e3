// What activations cost, for drivers that share them out.
#ifndef SNN_ACTIVATION_COST_H
#define SNN_ACTIVATION_COST_H

#include "swiftnn/activation.h"

/// Roughly, of one number, in units of a multiplication.
static inline size_t snn_activation_cost(snn_activation activation) {
    switch (activation.kind) {
        case SNN_IDENTITY:
        case SNN_BINARY_STEP:
        case SNN_RELU:
        case SNN_LEAKY_RELU: return 1;
        default: return 8;
    }
}

#endif
