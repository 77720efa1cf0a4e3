// A vector rounded to bfloat16.
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

#endif
