// The micro-kernels for aarch64, where NEON is always there.
#include "runtime/kernel_table.h"

#if defined(__aarch64__)
#include "simd/neon.h"
#define SNN_TIER_TABLE snn_kernels_neon
#include "runtime/tier.h"
#endif
