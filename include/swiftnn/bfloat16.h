// bfloat16: the upper half of a float32, with 8 significant bits and the same range.
#ifndef SWIFTNN_BFLOAT16_H
#define SWIFTNN_BFLOAT16_H

#include <stddef.h>
#include <stdint.h>

/// How the numbers of a tensor are kept.
typedef enum {
    SNN_FLOAT32,
    SNN_ROUNDED,   ///< as floats, of those that bfloat16 has
    SNN_BFLOAT16,  ///< at 16 bits
} snn_number_format;

/// Bytes of a number.
static inline size_t snn_number_size(snn_number_format format) {
    return format == SNN_BFLOAT16 ? sizeof(uint16_t) : sizeof(float);
}

/// out = the nearest numbers that bfloat16 has, still as floats; of two equally near the one with an even last bit. NaN
/// stays NaN; what is beyond the largest becomes infinite. out may be x.
void snn_round_to_bfloat16(size_t count, const float *x, float *out);

/// The same at 16 bits.
void snn_narrow_to_bfloat16(size_t count, const float *x, uint16_t *out);

/// Numbers at 16 bits as floats.
void snn_widen_bfloat16(size_t count, const uint16_t *x, float *out);

#endif
