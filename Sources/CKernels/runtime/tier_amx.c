// What x86-64 with AMX has of its own: products of blocks. All else is that of AVX-512.
#include "runtime/kernel_table.h"

#if defined(__x86_64__) && !defined(SWIFTNN_EMULATE_AVX512)
#include <immintrin.h>

#pragma clang attribute push(                                                                            \
    __attribute__((target("amx-tile,amx-bf16,avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
    apply_to = function)
#include "simd/avx512.h"
#include "simd/lanes.h"

#include "gemm/block_kernels_amx.h"
#pragma clang attribute pop
#endif
