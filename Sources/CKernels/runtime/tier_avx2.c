// The micro-kernels for x86-64 with AVX2 and FMA.
#include "runtime/kernel_table.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "simd/avx2.h"
#define SNN_TIER_TABLE snn_kernels_avx2
#include "runtime/tier.h"
#pragma clang attribute pop
#endif
