// Vectors rounded to bfloat16, and at 16 bits.
#ifndef SNN_BFLOAT16_ROUNDING_H
#define SNN_BFLOAT16_ROUNDING_H

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

#endif
