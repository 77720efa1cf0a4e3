// The micro-kernels for x86-64 with AVX-512. With SWIFTNN_EMULATE_AVX512 the same source, its vectors and tiles as
// wide, is compiled for AVX2 instead: so that it can be tested, and not fast, where there is no AVX-512.
#include "runtime/kernel_table.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(SWIFTNN_EMULATE_AVX512)
#define AVX512_TARGET "avx2,fma"
#define AVX512_BFLOAT16_TARGET AVX512_TARGET
// What takes or returns vectors is inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#else
#define AVX512_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define AVX512_BFLOAT16_TARGET AVX512_TARGET ",avx512bf16"
#endif

#pragma clang attribute push(__attribute__((target(AVX512_TARGET))), apply_to = function)
#include "simd/avx512.h"
#define SNN_TIER_TABLE snn_kernels_avx512
#include "runtime/tier.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(AVX512_BFLOAT16_TARGET))), apply_to = function)
#include "gemm/block_kernels_avx512.h"
#pragma clang attribute pop
#endif
