// The column sums micro-kernel: a group of sums stays in registers while the rows run.

/// Vectors of sums a group: enough additions in flight to hide their latency.
#define COLUMN_SUMS_GROUP 4

/// `vectors` is a constant at every call; only the first `lanes` lanes of the last vector exist.
SIMD_INLINE void column_sums_group(
    const size_t vectors, size_t lanes, size_t rows, const float *x, size_t x_row, bool accumulate, float *sums) {
    vf total[COLUMN_SUMS_GROUP];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const size_t width = v == vectors - 1 ? lanes : SIMD_WIDTH;
        total[v] = accumulate ? v_load_lanes(sums + v * SIMD_WIDTH, width) : v_zero();
    }
    for (size_t row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
            total[v] += v_load_lanes(x + row * x_row + v * SIMD_WIDTH, v == vectors - 1 ? lanes : SIMD_WIDTH);
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        v_store_lanes(sums + v * SIMD_WIDTH, total[v], v == vectors - 1 ? lanes : SIMD_WIDTH);
    }
}

static void column_sums(size_t rows, size_t columns, const float *x, size_t x_row, bool accumulate, float *sums) {
    const size_t group = COLUMN_SUMS_GROUP * SIMD_WIDTH;
    size_t c = 0;
    for (; c + group <= columns; c += group) {
        column_sums_group(COLUMN_SUMS_GROUP, SIMD_WIDTH, rows, x + c, x_row, accumulate, sums + c);
    }
    for (; c + SIMD_WIDTH <= columns; c += SIMD_WIDTH) {
        column_sums_group(1, SIMD_WIDTH, rows, x + c, x_row, accumulate, sums + c);
    }
    if (c < columns) column_sums_group(1, columns - c, rows, x + c, x_row, accumulate, sums + c);
}
