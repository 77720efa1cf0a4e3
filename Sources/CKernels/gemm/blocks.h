// Products of bfloat16 numbers at 16 bits, in blocks of 32 x 32: what a CPU's instructions for them take, and with
// which matrix products and convolutions are summed alike.
//
// A block of A holds 32 numbers along the depth of each of 32 rows, row by row, one behind the other or further apart
// where the rows are those of a matrix that is not copied. A block of B holds 32 columns; two
// numbers that follow each other along the depth lie side by side, so that a row of the block is 32 pairs. Numbers that
// are not there are zeros. As the rows of a block of A are 16 pairs, one is the transpose of the other, pair by pair.
#ifndef SNN_GEMM_BLOCKS_H
#define SNN_GEMM_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    SNN_BLOCK = 32,                   ///< rows, columns and depth
    SNN_BLOCK_PAIRS = SNN_BLOCK / 2,  ///< along the depth
    SNN_BLOCK_NUMBERS = SNN_BLOCK * SNN_BLOCK
};

/// The 16 bits of a number that bfloat16 has.
static inline uint16_t snn_bfloat16_bits(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof(bits));
    return (uint16_t)(bits >> 16);
}

/// `count` blocks of A and as many of B, each so many numbers behind the one before.
typedef struct {
    const uint16_t *a, *b;
    size_t count, a_step, b_step;
} snn_block_run;

/// C = alpha * sum of A * B over all blocks of the runs + beta * C + bias, for up to 32 rows and columns of C. The rows
/// of a block of A lie in groups, of which C has the first ones: row r of group g is at c + g * c_group + r * c_row.
/// The others may hold anything.
typedef struct {
    size_t groups, group_rows;  ///< of A: at most 32 rows in all
    size_t rows, columns;       ///< of C: of a group, and in all
    size_t run_count;
    const snn_block_run *runs;
    size_t a_row;   ///< numbers from one row of a block of A to the next: where they are not SNN_BLOCK, all 32 are read
    size_t next_a;  ///< numbers from the first block of A to that the next product starts with, by the same one of B
    float *c;
    uint16_t *narrow_c;  ///< unless NULL, C is here, and beta is 0
    size_t c_group, c_row;
    float alpha, beta;  ///< with beta = 0, C is not read
    bool rounds;        ///< whether floats of C are rounded to what bfloat16 has
    const float *bias;  ///< `columns` numbers, or NULL
} snn_block_product;

typedef struct {
    /// Gets the calling thread's registers ready for products, and lets go of them: once for as many products as can
    /// be.
    void (*begin)(void), (*end)(void);
    void (*product)(const snn_block_product *product);
    /// Rows of blocks of A: number c of row r goes to out[r * out_row + c / 32 * out_block + c % 32].
    void (*copy_rows)(
        size_t rows, size_t columns, const uint16_t *x, size_t x_row, uint16_t *out, size_t out_row, size_t out_block);
    /// The same from floats that bfloat16 has.
    void (*copy_float_rows)(
        size_t rows, size_t columns, const float *x, size_t x_row, uint16_t *out, size_t out_row, size_t out_block);
    /// Rows of blocks of B: the pair of number c of row r of `first` and of `second` (both x_row from row to row, or
    /// NULL for zeros) goes to out[r * out_row + c / 32 * out_block + c % 32 * 2] and the number behind it.
    void (*copy_pairs)(size_t rows, size_t columns, const uint16_t *first, const uint16_t *second, size_t x_row,
        uint16_t *out, size_t out_row, size_t out_block);
    /// The same from floats that bfloat16 has.
    void (*copy_float_pairs)(size_t rows, size_t columns, const float *first, const float *second, size_t x_row,
        uint16_t *out, size_t out_row, size_t out_block);
    /// As that of the kernel table.
    float (*multiply_add)(size_t rounds, size_t *operations_per_round);
    /// Whether they are so many times as fast as those of floats that Winograd's filtering saves nothing.
    bool in_matrix_unit;
} snn_block_kernels;

/// Rows of a block of A that a product reads.
static inline size_t snn_block_rows(const snn_block_product *product) { return product->groups * product->group_rows; }

/// NULL where the calling thread's tier or the CPU has no instruction for them.
const snn_block_kernels *snn_blocks(void);

#if defined(__x86_64__)
extern const snn_block_kernels snn_blocks_avx512, snn_blocks_amx;
#endif

#endif
