// Vectors rounded to bfloat16, and at 16 bits.
#ifndef SNN_BFLOAT16_ROUNDING_H
#define SNN_BFLOAT16_ROUNDING_H

#include "swiftnn/bfloat16.h"

/// Adding just below half of the last place that stays carries into it where the rest is above a half, and the last
/// place itself decides where it is a half. The carry of the largest numbers ends at infinity, as it should.
SIMD_INLINE vf v_round_to_bfloat16(vf x) {
    const vu bits = (vu)x;
    const vu rounded = bits + 0x7fff + ((bits >> 16) & 1);
    const vu quiet_nan = bits | 0x400000;
    const vi is_nan = (bits & 0x7fffffff) > 0x7f800000;
    return (vf)((is_nan ? quiet_nan : rounded) & 0xffff0000);
}

/// Numbers at 16 bits as floats, and back, rounded: as v_load_lanes and v_store_lanes.
SIMD_INLINE vf v_load_lanes_bfloat16(const uint16_t *p, size_t lanes) {
    return (vf)((vu)v_load_lanes_u16(p, lanes) << 16);
}

SIMD_INLINE void v_store_lanes_bfloat16(uint16_t *p, vf v, size_t lanes) {
    v_store_lanes_u16(p, (vi)((vu)v_round_to_bfloat16(v) >> 16), lanes);
}

/// Number `index` of a tensor and those behind it as floats, and back: the format is a constant at every call.
SIMD_INLINE vf v_load_numbers(const snn_number_format format, const void *tensor, size_t index, size_t lanes) {
    if (format == SNN_BFLOAT16) return v_load_lanes_bfloat16((const uint16_t *)tensor + index, lanes);
    return v_load_lanes((const float *)tensor + index, lanes);
}

SIMD_INLINE void v_store_numbers(const snn_number_format format, void *tensor, size_t index, size_t lanes, vf numbers) {
    switch (format) {
        case SNN_FLOAT32: v_store_lanes((float *)tensor + index, numbers, lanes); break;
        case SNN_ROUNDED: v_store_lanes((float *)tensor + index, v_round_to_bfloat16(numbers), lanes); break;
        case SNN_BFLOAT16: v_store_lanes_bfloat16((uint16_t *)tensor + index, numbers, lanes); break;
    }
}

#endif
