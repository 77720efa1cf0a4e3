// The micro-kernels for any CPU.
#include "runtime/kernel_table.h"

#include "simd/portable.h"
#define SNN_TIER_TABLE snn_kernels_portable
#include "runtime/tier.h"
