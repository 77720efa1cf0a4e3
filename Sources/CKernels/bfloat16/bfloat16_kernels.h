// The micro-kernels that round floats to bfloat16, and that bring numbers to 16 bits and back.
#include "bfloat16/rounding.h"

static void round_to_bfloat16(size_t count, const float *x, float *out) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) v_store(out + i, v_round_to_bfloat16(v_load(x + i)));
    if (i < count) v_store_n(out + i, v_round_to_bfloat16(v_load_n(x + i, count - i)), count - i);
}

static void narrow_to_bfloat16(size_t count, const float *x, uint16_t *out) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) v_store_lanes_bfloat16(out + i, v_load(x + i), SIMD_WIDTH);
    if (i < count) v_store_lanes_bfloat16(out + i, v_load_n(x + i, count - i), count - i);
}

static void widen_bfloat16(size_t count, const uint16_t *x, float *out) {
    size_t i = 0;
    for (; i + SIMD_WIDTH <= count; i += SIMD_WIDTH) v_store(out + i, v_load_lanes_bfloat16(x + i, SIMD_WIDTH));
    if (i < count) v_store_n(out + i, v_load_lanes_bfloat16(x + i, count - i), count - i);
}
