// Transposes of few rows or columns, as the channels of an image are, that lie one behind another on one side: every
// lane of a vector that results comes from one of as many vectors.

enum { most_woven = SIMD_WIDTH / 2, most_woven_of_all = 8 };

/// Where a lane comes from.
typedef struct {
    size_t vector, lane;
} weave_source;

/// A vector of lanes from `count` others, at least 2. All are constants.
SIMD_CASE_INLINE vf weave_lanes(const size_t count, const vf *from, const weave_source *sources) {
    vf woven = from[0];
#pragma clang loop unroll(full)
    for (size_t v = 1; v < count; v++) {
        vi index;
#pragma clang loop unroll(full)
        for (size_t lane = 0; lane < SIMD_WIDTH; lane++) {
            // The first pair moves the lanes of both, each further vector leaves those that are there.
            const size_t other = v == 1 ? sources[lane].lane : lane;
            index[lane] = (int32_t)(sources[lane].vector == v ? SIMD_WIDTH + sources[lane].lane : other);
        }
        woven = v_permute_pair(woven, from[v], index);
    }
    return woven;
}

/// `lanes` columns of some rows, a constant, to the same numbers one behind another.
SIMD_CASE_INLINE void weave_columns(const size_t rows, const float *x, size_t x_row, size_t lanes, float *out) {
    vf from[most_woven_of_all];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) from[r] = v_load_lanes(x + r * x_row, lanes);
#pragma clang loop unroll(full)
    for (size_t j = 0; j < rows; j++) {
        const size_t first = j * SIMD_WIDTH;
        if (first >= lanes * rows) return;
        weave_source sources[SIMD_WIDTH];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < SIMD_WIDTH; i++) sources[i] = (weave_source){(first + i) % rows, (first + i) / rows};
        v_store_lanes(out + first, weave_lanes(rows, from, sources), lanes_at(first, lanes * rows));
    }
}

/// The inverse: so many rows of x, which lie one behind another, to as many lanes of `columns` rows, a constant.
SIMD_CASE_INLINE void unweave_rows(const size_t columns, const float *x, size_t lanes, float *out, size_t out_row) {
    vf from[most_woven_of_all];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < columns; j++) {
        const size_t first = j * SIMD_WIDTH, numbers = lanes * columns;
        from[j] = first < numbers ? v_load_lanes(x + first, lanes_at(first, numbers)) : v_zero();
    }
#pragma clang loop unroll(full)
    for (size_t c = 0; c < columns; c++) {
        weave_source sources[SIMD_WIDTH];
#pragma clang loop unroll(full)
        for (size_t lane = 0; lane < SIMD_WIDTH; lane++) {
            const size_t i = lane * columns + c;
            sources[lane] = (weave_source){i / SIMD_WIDTH, i % SIMD_WIDTH};
        }
        v_store_lanes(out + c * out_row, weave_lanes(columns, from, sources), lanes);
    }
}

SIMD_CASE_INLINE void weave_sized(const size_t rows, size_t columns, const float *x, size_t x_row, float *out) {
    size_t c = 0;
    for (; c + SIMD_WIDTH <= columns; c += SIMD_WIDTH) weave_columns(rows, x + c, x_row, SIMD_WIDTH, out + c * rows);
    if (c < columns) weave_columns(rows, x + c, x_row, columns - c, out + c * rows);
}

SIMD_CASE_INLINE void unweave_sized(const size_t columns, size_t rows, const float *x, float *out, size_t out_row) {
    const size_t whole_rows = rows / SIMD_WIDTH * SIMD_WIDTH;
    for (size_t r = 0; r < whole_rows; r += SIMD_WIDTH) {
        unweave_rows(columns, x + r * columns, SIMD_WIDTH, out + r, out_row);
    }
    if (whole_rows == rows) return;
    unweave_rows(columns, x + whole_rows * columns, rows - whole_rows, out + whole_rows, out_row);
}

/// Calls it with the count, from 2 to most_woven, as a constant.
#define WEAVE_CALL(call, count, ...)         \
    switch (count) {                         \
        case 2: call(2, __VA_ARGS__); break; \
        case 3: call(3, __VA_ARGS__); break; \
        case 4: call(4, __VA_ARGS__); break; \
        case 5: call(5, __VA_ARGS__); break; \
        case 6: call(6, __VA_ARGS__); break; \
        case 7: call(7, __VA_ARGS__); break; \
        case 8: call(8, __VA_ARGS__); break; \
    }

/// out[c][r] = x[r][c], for 2 to most_woven rows.
static void weave(size_t rows, size_t columns, const float *x, size_t x_row, float *out) {
    WEAVE_CALL(weave_sized, rows, columns, x, x_row, out);
}

/// The same for as many columns.
static void unweave(size_t rows, size_t columns, const float *x, float *out, size_t out_row) {
    WEAVE_CALL(unweave_sized, columns, rows, x, out, out_row);
}
