#include "peak/peak_bfloat16.h"

#include "swiftnn/runtime.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

/// Independent sums: more than two units with a latency of six need.
#define SUMS 16

__attribute__((target("avx512f,avx512bf16"))) static float multiply_add(size_t rounds, size_t *operations_per_round) {
    // Pairs of 0.75 and of 0.25. Read through a volatile, they are not constants.
    volatile int32_t left_in_memory = 0x3f403f40, right_in_memory = 0x3e803e80;
    const __m512bh left = (__m512bh)_mm512_set1_epi32(left_in_memory);
    const __m512bh right = (__m512bh)_mm512_set1_epi32(right_in_memory);
    __m512 sums[SUMS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SUMS; i++) sums[i] = _mm512_set1_ps((float)i);
    for (size_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < SUMS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], left, right);
    }
    __m512 total = _mm512_setzero_ps();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SUMS; i++) total = _mm512_add_ps(total, sums[i]);
    // Two products in each of 16 lanes.
    *operations_per_round = 2 * 2 * 16 * SUMS;
    return _mm512_reduce_add_ps(total);
}

snn_multiply_add snn_multiply_add_bfloat16(void) {
    __builtin_cpu_init();
    return snn_isa_active() == SNN_ISA_AVX512 && __builtin_cpu_supports("avx512bf16") ? multiply_add : NULL;
}
#else
snn_multiply_add snn_multiply_add_bfloat16(void) { return NULL; }
#endif
