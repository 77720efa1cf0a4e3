// Copies and transposes of matrices with any row distances.
#include "layout/weave_kernels.h"

/// At most SIMD_WIDTH rows and columns: where both are that constant, without a condition.
SIMD_INLINE void transpose_square(
    size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    vf square[SIMD_WIDTH];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SIMD_WIDTH; i++) square[i] = i < rows ? v_load_lanes(x + i * x_row, columns) : v_zero();
    v_transpose(square);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SIMD_WIDTH; i++) {
        if (i < columns) v_store_lanes(out + i * out_row, square[i], rows);
    }
}

SIMD_INLINE void transpose_elements(
    size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    for (size_t c = 0; c < columns; c++) {
        for (size_t r = 0; r < rows; r++) out[c * out_row + r] = x[r * x_row + c];
    }
}

/// What fills no square, in parts of squares, or where they would be nearly empty number by number.
static void transpose_rest(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    if (snn_min(rows, columns) <= SIMD_WIDTH / 4) {
        transpose_elements(rows, columns, x, x_row, out, out_row);
        return;
    }
    for (size_t r = 0; r < rows; r += SIMD_WIDTH) {
        for (size_t c = 0; c < columns; c += SIMD_WIDTH) {
            transpose_square(
                lanes_at(r, rows), lanes_at(c, columns), x + r * x_row + c, x_row, out + c * out_row + r, out_row);
        }
    }
}

/// Whole vectors, which may run into the next row of x and of `out`, for that is written later. `narrow` is a constant
/// at every call: rows of a single vector.
SIMD_INLINE void copy_whole_vectors(
    const bool narrow, size_t rows, size_t columns, const float *x, size_t x_row, float *out) {
    for (size_t r = 0; r < rows; r++) {
        v_store(out + r * columns, v_load(x + r * x_row));
        for (size_t c = SIMD_WIDTH; !narrow && c < columns; c += SIMD_WIDTH) {
            v_store(out + r * columns + c, v_load(x + r * x_row + c));
        }
    }
}

static void copy_rows(size_t rows, size_t columns, const float *x, size_t x_row, float *out) {
    if (rows == 0 || columns == 0) return;
    // Behind the last rows there is nothing to run into.
    const size_t last_rows = snn_ceil_div(snn_round_up(columns, SIMD_WIDTH) - columns, columns);
    const size_t whole_rows = rows - snn_min(last_rows, rows);
    if (columns <= SIMD_WIDTH) {
        copy_whole_vectors(true, whole_rows, columns, x, x_row, out);
    } else {
        copy_whole_vectors(false, whole_rows, columns, x, x_row, out);
    }
    for (size_t r = whole_rows; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SIMD_WIDTH) {
            const size_t lanes = lanes_at(c, columns);
            v_store_lanes(out + r * columns + c, v_load_lanes(x + r * x_row + c, lanes), lanes);
        }
    }
}

/// out[c][r] = x[r][c] for rows x columns numbers.
static void transpose(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row) {
    const size_t fewest = snn_min(rows, columns);
    if (fewest > 1 && rows <= most_woven && out_row == rows) {
        weave(rows, columns, x, x_row, out);
        return;
    }
    if (fewest > 1 && columns <= most_woven && x_row == columns) {
        unweave(rows, columns, x, out, out_row);
        return;
    }
    const size_t whole_rows = rows / SIMD_WIDTH * SIMD_WIDTH, whole_columns = columns / SIMD_WIDTH * SIMD_WIDTH;
    for (size_t r = 0; r < whole_rows; r += SIMD_WIDTH) {
        for (size_t c = 0; c < whole_columns; c += SIMD_WIDTH) {
            transpose_square(SIMD_WIDTH, SIMD_WIDTH, x + r * x_row + c, x_row, out + c * out_row + r, out_row);
        }
    }
    if (whole_columns < columns) {
        transpose_rest(
            whole_rows, columns - whole_columns, x + whole_columns, x_row, out + whole_columns * out_row, out_row);
    }
    if (whole_rows < rows) {
        transpose_rest(rows - whole_rows, columns, x + whole_rows * x_row, x_row, out + whole_rows, out_row);
    }
}
