// The micro-kernels for x86-64 with AVX-512.
#include "runtime/kernel_table.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "simd/avx512.h"
#define SNN_TIER_TABLE snn_kernels_avx512
#include "runtime/tier.h"
#pragma clang attribute pop
#endif
