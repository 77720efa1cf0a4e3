// The transpose of a square of SIMD_WIDTH rows, in registers: log2(SIMD_WIDTH) rounds, each of which exchanges the
// off-diagonal quarters of all squares of one size.

#if SIMD_WIDTH == 16
#define TRANSPOSE_LOW_8(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define TRANSPOSE_HIGH_8(a, b) \
    __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define TRANSPOSE_LOW_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define TRANSPOSE_HIGH_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define TRANSPOSE_LOW_2(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define TRANSPOSE_HIGH_2(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define TRANSPOSE_LOW_1(a, b) __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define TRANSPOSE_HIGH_1(a, b) __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#elif SIMD_WIDTH == 8
#define TRANSPOSE_LOW_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define TRANSPOSE_HIGH_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#define TRANSPOSE_LOW_2(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define TRANSPOSE_HIGH_2(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define TRANSPOSE_LOW_1(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define TRANSPOSE_HIGH_1(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#else
#define TRANSPOSE_LOW_2(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define TRANSPOSE_HIGH_2(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#define TRANSPOSE_LOW_1(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
#define TRANSPOSE_HIGH_1(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
#endif

/// One round: rows that are `size` apart exchange quarters.
#define TRANSPOSE_ROUND(rows, size)                                              \
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < SIMD_WIDTH; i++) { \
        if (i & size) continue;                                                  \
        const vf low = rows[i], high = rows[i + size];                           \
        rows[i] = TRANSPOSE_LOW_##size(low, high);                               \
        rows[i + size] = TRANSPOSE_HIGH_##size(low, high);                       \
    }

SIMD_INLINE void v_transpose(vf rows[SIMD_WIDTH]) {
#if SIMD_WIDTH == 16
    TRANSPOSE_ROUND(rows, 8)
#endif
#if SIMD_WIDTH >= 8
    TRANSPOSE_ROUND(rows, 4)
#endif
    TRANSPOSE_ROUND(rows, 2)
    TRANSPOSE_ROUND(rows, 1)
}
