// Copies and transposes of matrices with any row distances.

SIMD_INLINE void transpose_square(const float *x, size_t x_row, float *out, size_t out_row) {
    vf square[SIMD_WIDTH];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SIMD_WIDTH; i++) square[i] = v_load(x + i * x_row);
    v_transpose(square);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SIMD_WIDTH; i++) v_store(out + i * out_row, square[i]);
}

SIMD_INLINE void transpose_elements(
    size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    for (size_t c = 0; c < columns; c++) {
        for (size_t r = 0; r < rows; r++) out[c * out_row + r] = x[r * x_row + c];
    }
}

/// Whole vectors, which may run into the next row of `out`, for that is written later; of the last one no more than its
/// numbers.
static void copy_rows(size_t rows, size_t columns, const float *x, size_t x_row, float *out) {
    const float *end = out + rows * columns;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SIMD_WIDTH) {
            float *to = out + r * columns + c;
            const vf v = v_load_lanes(x + r * x_row + c, lanes_at(c, columns));
            v_store_lanes(to, v, lanes_at(0, (size_t)(end - to)));
        }
    }
}

/// out[c][r] = x[r][c] for rows x columns numbers.
static void transpose(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    const size_t whole_rows = rows / SIMD_WIDTH * SIMD_WIDTH, whole_columns = columns / SIMD_WIDTH * SIMD_WIDTH;
    for (size_t r = 0; r < whole_rows; r += SIMD_WIDTH) {
        for (size_t c = 0; c < whole_columns; c += SIMD_WIDTH) {
            transpose_square(x + r * x_row + c, x_row, out + c * out_row + r, out_row);
        }
    }
    if (whole_columns < columns) {
        transpose_elements(
            whole_rows, columns - whole_columns, x + whole_columns, x_row, out + whole_columns * out_row, out_row);
    }
    if (whole_rows < rows) {
        transpose_elements(rows - whole_rows, columns, x + whole_rows * x_row, x_row, out + whole_rows, out_row);
    }
}
