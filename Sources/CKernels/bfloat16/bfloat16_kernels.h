// The micro-kernel that rounds floats to bfloat16.
#include "bfloat16/rounding.h"

static void round_to_bfloat16(size_t count, const float *x, float *out) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) v_store(out + i, v_round_to_bfloat16(v_load(x + i)));
    if (i < count) v_store_n(out + i, v_round_to_bfloat16(v_load_n(x + i, count - i)), count - i);
}
