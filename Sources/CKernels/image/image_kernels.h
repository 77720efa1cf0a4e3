// The image micro-kernels: bytes to scaled and shifted floats, and sums of bytes.
SIMD_INLINE void bytes_to_float_lanes(
    size_t lanes, const uint8_t *x, const float *scale, const float *shift, float *out) {
    const vf value = lanes == SIMD_WIDTH ? v_from_u8(x) : v_from_u8_n(x, lanes);
    v_store_lanes(out, v_fma(value, v_load_lanes(scale, lanes), v_load_lanes(shift, lanes)), lanes);
}

static void bytes_to_float(
    size_t count, size_t period, const uint8_t *x, const float *scale, const float *shift, float *out) {
    for (size_t first = 0; first < count; first += period) {
        const size_t length = count - first < period ? count - first : period;
        size_t i = 0;
        for (; i + SIMD_WIDTH <= length; i += SIMD_WIDTH) {
            bytes_to_float_lanes(SIMD_WIDTH, x + first + i, scale + i, shift + i, out + first + i);
        }
        if (i < length) bytes_to_float_lanes(length - i, x + first + i, scale + i, shift + i, out + first + i);
    }
}

/// Adds the bytes of each column, and their squares, of rows that start x_row apart: at most 2^16 rows.
static void byte_sums(
    size_t rows, size_t columns, const uint8_t *x, size_t x_row, uint32_t *restrict sums, uint32_t *restrict squares) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < columns; i++) {
            const uint16_t value = x[r * x_row + i];
            sums[i] += value;
            squares[i] += (uint16_t)(value * value);
        }
    }
}
