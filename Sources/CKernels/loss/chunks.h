// How the rows of a loss are cut: by their number and size alone, so that the sums do not depend on the threads.
#ifndef SNN_LOSS_CHUNKS_H
#define SNN_LOSS_CHUNKS_H

#include "runtime/parallel.h"

/// What one number of a softmax costs, for snn_threads_for.
#define SNN_SOFTMAX_COST 8
/// The most chunks, and so the most partial sums that the workspace of a loss holds.
#define SNN_LOSS_CHUNKS 64

/// Rows of a chunk: about a thousand numbers, or more where the chunks would be too many.
static inline size_t snn_loss_chunk(size_t rows, size_t classes) {
    return snn_max(snn_ceil_div(1024, snn_max(classes, 1)), snn_ceil_div(rows, SNN_LOSS_CHUNKS));
}

/// The sum of the chunks' partial sums, in their order.
static inline double snn_loss_total(size_t rows, size_t chunk, const double *partial) {
    double total = 0;
    for (size_t c = 0; c < snn_ceil_div(rows, chunk); c++) total += partial[c];
    return total;
}

#endif
