// Rounding to bfloat16, and to 16 bits and back: cut into spans for the threads.
#include "swiftnn/bfloat16.h"

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

void snn_round_to_bfloat16(size_t count, const float *x, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->round_to_bfloat16(snn_min(SNN_SPAN, count - i), x + i, out + i); });
}

void snn_narrow_to_bfloat16(size_t count, const float *x, uint16_t *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->narrow_to_bfloat16(snn_min(SNN_SPAN, count - i), x + i, out + i); });
}

void snn_widen_bfloat16(size_t count, const uint16_t *x, float *out) {
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_STEPS(snn_threads_for(count), i, count, SNN_SPAN,
        { kernels->widen_bfloat16(snn_min(SNN_SPAN, count - i), x + i, out + i); });
}
