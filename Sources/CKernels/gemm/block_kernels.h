// The micro-kernels for blocks of bfloat16 numbers: copies to them, and what is done with a product's sums. Included by
// what computes the sums.
#include "bfloat16/rounding.h"
#include "gemm/blocks.h"

_Static_assert(SIMD_TILE_COLUMNS == SNN_BLOCK, "a panel is as wide as a block");

typedef float block_sums[SNN_BLOCK][SNN_BLOCK] __attribute__((aligned(64)));

/// Rounds floats to numbers at 16 bits.
#if defined(SWIFTNN_EMULATE_AVX512)
SIMD_INLINE void block_store_narrow(uint16_t *p, vf v, size_t lanes) { v_store_lanes_bfloat16(p, v, lanes); }
#else
/// The CPU's own instruction, unlike v_round_to_bfloat16, makes 0 of what is smaller than normal numbers are.
SIMD_INLINE void block_store_narrow(uint16_t *p, vf v, size_t lanes) {
    const __m256i numbers = (__m256i)_mm512_cvtneps_pbh((__m512)v);
    if (lanes == SIMD_WIDTH) {
        _mm256_storeu_si256((__m256i_u *)p, numbers);
    } else {
        _mm256_mask_storeu_epi16(p, v_first_lanes(lanes), numbers);
    }
}
#endif

/// Fetches C, which would else be waited for when all is summed.
SIMD_INLINE void block_fetch_target(const snn_block_product *product) {
    for (size_t g = 0; g < product->groups; g++) {
        for (size_t r = 0; r < product->rows; r++) {
            const size_t at = g * product->c_group + r * product->c_row;
            if (product->narrow_c != NULL) {
                __builtin_prefetch(product->narrow_c + at, 1);
            } else {
                __builtin_prefetch(product->c + at, 1);
                __builtin_prefetch(product->c + at + SIMD_WIDTH, 1);
            }
        }
    }
}

/// How C is stored: constants at every call.
typedef struct {
    bool adds;    ///< to what C has
    bool narrow;  ///< at 16 bits
    bool rounds;  ///< floats
} block_store_form;

/// C = alpha * sums + beta * C + bias, for one vector of columns; `lanes` is a constant where there are that many.
SIMD_INLINE void block_store_columns(
    const snn_block_product *product, block_sums sums, size_t column, const size_t lanes, const block_store_form form) {
    // Of its own, or every row would read the product anew, which C might be a part of.
    const size_t rows = product->rows, c_row = product->c_row;
    float *c = product->c;
    uint16_t *narrow_c = product->narrow_c;
    const vf alpha = v_set1(product->alpha), beta = v_set1(product->beta);
    const vf offset = product->bias != NULL ? v_load_lanes(product->bias + column, lanes) : v_zero();
    for (size_t g = 0; g < product->groups; g++) {
        const float *sum = sums[g * product->group_rows] + column;
        size_t at = g * product->c_group + column;
        for (size_t r = 0; r < rows; r++, at += c_row, sum += SNN_BLOCK) {
            vf result = v_fma(alpha, v_load(sum), offset);
            if (form.adds) result = v_fma(beta, v_load_lanes(c + at, lanes), result);
            if (form.narrow) {
                block_store_narrow(narrow_c + at, result, lanes);
            } else {
                v_store_lanes(c + at, form.rounds ? v_round_to_bfloat16(result) : result, lanes);
            }
        }
    }
}

SIMD_INLINE void block_store_vectors(const snn_block_product *product, block_sums sums, const block_store_form form) {
    size_t column = 0;
    for (; column + SIMD_WIDTH <= product->columns; column += SIMD_WIDTH) {
        block_store_columns(product, sums, column, SIMD_WIDTH, form);
    }
    if (column < product->columns) {
        block_store_columns(product, sums, column, product->columns - column, form);
    }
}

static void block_store(const snn_block_product *product, block_sums sums) {
    const bool adds = product->beta != 0;
    if (product->narrow_c != NULL) {
        block_store_vectors(product, sums, (block_store_form){.narrow = true});
    } else if (product->rounds) {
        adds ? block_store_vectors(product, sums, (block_store_form){.rounds = true, .adds = true})
             : block_store_vectors(product, sums, (block_store_form){.rounds = true});
    } else {
        adds ? block_store_vectors(product, sums, (block_store_form){.adds = true})
             : block_store_vectors(product, sums, (block_store_form){0});
    }
}

typedef uint16_t block_line __attribute__((ext_vector_type(SNN_BLOCK)));
typedef uint16_t block_line_unaligned __attribute__((ext_vector_type(SNN_BLOCK), aligned(2)));

/// Up to a vector of the numbers left of a row, and zeros behind the last one.
SIMD_INLINE vf block_floats(const float *x, size_t left) {
    return v_load_lanes(x, left < SIMD_WIDTH ? left : SIMD_WIDTH);
}

/// The numbers at 16 bits of two vectors of floats.
SIMD_INLINE block_line block_narrowed(vf first, vf second) {
    return __builtin_shufflevector((block_line)first, (block_line)second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25,
        27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63);
}

static void block_copy_float_rows(
    size_t rows, size_t columns, const float *x, size_t x_row, uint16_t *out, size_t out_row, size_t out_block) {
    const size_t whole = columns - columns % SNN_BLOCK, left = columns - whole;
    for (size_t r = 0; r < rows; r++, x += x_row, out += out_row) {
        uint16_t *line = out;
        for (size_t c = 0; c < whole; c += SNN_BLOCK, line += out_block) {
            *(block_line_unaligned *)line = block_narrowed(v_load(x + c), v_load(x + c + SIMD_WIDTH));
        }
        if (left == 0) continue;
        const size_t behind = left > SIMD_WIDTH ? left - SIMD_WIDTH : 0;
        *(block_line_unaligned *)line =
            block_narrowed(block_floats(x + whole, left), block_floats(x + whole + SIMD_WIDTH, behind));
    }
}

/// Up to a vector of pairs; where there is no row, its numbers are zeros.
SIMD_INLINE void block_store_pairs(const float *first, const float *second, size_t left, uint16_t *out) {
    const vu low = first == NULL ? (vu)0 : (vu)block_floats(first, left);
    const vu high = second == NULL ? (vu)0 : (vu)block_floats(second, left);
    v_store((float *)out, (vf)(low >> 16 | (high & 0xffff0000)));
}

static void block_copy_float_pairs(size_t rows, size_t columns, const float *first, const float *second, size_t x_row,
    uint16_t *out, size_t out_row, size_t out_block) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SNN_BLOCK) {
            uint16_t *row = out + r * out_row + c / SNN_BLOCK * out_block;
            for (size_t v = 0; v < SNN_BLOCK; v += SIMD_WIDTH) {
                const size_t at = r * x_row + c + v, left = c + v < columns ? columns - c - v : 0;
                block_store_pairs(
                    first == NULL ? NULL : first + at, second == NULL ? NULL : second + at, left, row + 2 * v);
            }
        }
    }
}

/// The first `count` numbers of a line, and zeros.
#if defined(SWIFTNN_EMULATE_AVX512)
SIMD_INLINE block_line block_first_numbers(const uint16_t *x, size_t count) {
    block_line line = 0;
    for (size_t i = 0; i < count; i++) line[i] = x[i];
    return line;
}
#else
SIMD_INLINE block_line block_first_numbers(const uint16_t *x, size_t count) {
    return (block_line)_mm512_maskz_loadu_epi16((__mmask32)((1u << count) - 1), x);
}
#endif

/// Up to 32 of the numbers left of a row, and zeros behind the last one or where there is no row.
SIMD_INLINE block_line block_numbers(const uint16_t *x, size_t left) {
    if (x == NULL) return 0;
    return left >= SNN_BLOCK ? *(const block_line_unaligned *)x : block_first_numbers(x, left);
}

static void block_copy_rows(
    size_t rows, size_t columns, const uint16_t *x, size_t x_row, uint16_t *out, size_t out_row, size_t out_block) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SNN_BLOCK) {
            *(block_line_unaligned *)(out + r * out_row + c / SNN_BLOCK * out_block) =
                block_numbers(x + r * x_row + c, columns - c);
        }
    }
}

#define BLOCK_PAIRS(FIRST, SECOND, I)                                                                              \
    __builtin_shufflevector(FIRST, SECOND, I, I + 32, I + 1, I + 33, I + 2, I + 34, I + 3, I + 35, I + 4, I + 36,  \
        I + 5, I + 37, I + 6, I + 38, I + 7, I + 39, I + 8, I + 40, I + 9, I + 41, I + 10, I + 42, I + 11, I + 43, \
        I + 12, I + 44, I + 13, I + 45, I + 14, I + 46, I + 15, I + 47)

static void block_copy_pairs(size_t rows, size_t columns, const uint16_t *first, const uint16_t *second, size_t x_row,
    uint16_t *out, size_t out_row, size_t out_block) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c += SNN_BLOCK) {
            const size_t at = r * x_row + c;
            const block_line low = block_numbers(first == NULL ? NULL : first + at, columns - c);
            const block_line high = block_numbers(second == NULL ? NULL : second + at, columns - c);
            block_line_unaligned *pairs = (block_line_unaligned *)(out + r * out_row + c / SNN_BLOCK * out_block);
            pairs[0] = BLOCK_PAIRS(low, high, 0);
            pairs[1] = BLOCK_PAIRS(low, high, 16);
        }
    }
}

#undef BLOCK_PAIRS
