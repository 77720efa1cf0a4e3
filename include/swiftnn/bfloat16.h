// bfloat16: the upper half of a float32, with 8 significant bits and the same range.
#ifndef SWIFTNN_BFLOAT16_H
#define SWIFTNN_BFLOAT16_H

#include <stddef.h>

/// out = the nearest numbers that bfloat16 has, still as floats; of two equally near the one with an even last bit. NaN
/// stays NaN; what is beyond the largest becomes infinite. out may be x.
void snn_round_to_bfloat16(size_t count, const float *x, float *out);

#endif
