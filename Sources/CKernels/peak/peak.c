// The limits of the machine: every thread at once.
#include "swiftnn/peak.h"

#include <string.h>

#include "gemm/blocks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

static double on_all_threads(size_t rounds, float (*multiply_add)(size_t rounds, size_t *operations_per_round)) {
    const int threads = snn_thread_count();
    size_t operations_per_round = 0;
    SNN_PARALLEL_FOR(threads, thread, threads, {
        size_t operations;
        multiply_add(rounds, &operations);
        if (thread == 0) operations_per_round = operations;
    });
    return (double)threads * (double)rounds * (double)operations_per_round;
}

double snn_peak_multiply_add(size_t rounds) { return on_all_threads(rounds, snn_kernels()->multiply_add); }

double snn_peak_multiply_add_bfloat16(size_t rounds) {
    const snn_block_kernels *blocks = snn_blocks();
    return blocks == NULL ? 0 : on_all_threads(rounds, blocks->multiply_add);
}

void snn_peak_copy(size_t bytes, const void *from, void *to) {
    if (bytes == 0) return;
    const int threads = snn_thread_count();
    const size_t share = snn_round_up(snn_ceil_div(bytes, (size_t)threads), SNN_ALIGNMENT);
    SNN_PARALLEL_STEPS(threads, first, bytes, share,
        { memcpy((char *)to + first, (const char *)from + first, snn_min(share, bytes - first)); });
}
