// Products of blocks by AMX: registers that hold a quarter of a block each, 16 rows of 64 bytes, and an instruction
// that adds the products of two of them to 16 x 16 sums.
#include "gemm/block_kernels.h"

/// What a thread's tile registers are, as the instruction takes it: here 16 rows of 64 bytes each.
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} amx_configuration;

static const amx_configuration amx_quarters = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {16, 16, 16, 16, 16, 16, 16, 16},
};

enum { amx_b_row = SNN_BLOCK * 2 * sizeof(uint16_t) };

/// Fetches a quarter of the next two blocks to the first-level cache: loads of tiles wait for the second one. Between
/// products, or the fetches themselves would hold the loads up.
SIMD_INLINE void amx_fetch_quarter(const uint16_t *a, const size_t a_row, const uint16_t *b, size_t quarter) {
    const size_t rows = SNN_BLOCK / 4, first = quarter * rows;
    for (size_t row = first; row < first + rows; row++) {
        __builtin_prefetch(a + row * a_row);
        __builtin_prefetch(b + row * SNN_BLOCK);
    }
}

/// Sums in registers 0 to 3, A in 4 and 5, B in 6 and 7. Whether there are lower rows and right columns is a constant,
/// and so is how far apart the rows of A are in blocks that are copies.
SIMD_INLINE void amx_sums(
    const snn_block_product *product, const bool lower, const bool right, const size_t a_row, block_sums sums) {
    _tile_zero(0);
    if (right) _tile_zero(1);
    if (lower) _tile_zero(2);
    if (lower && right) _tile_zero(3);
    for (const snn_block_run *run = product->runs, *end = run + product->run_count; run < end; run++) {
        const bool is_last_run = run + 1 == end;
        const uint16_t *next_run_a = is_last_run ? product->runs->a + product->next_a : run[1].a;
        const uint16_t *next_run_b = is_last_run ? product->runs->b : run[1].b;
        const uint16_t *a = run->a, *b = run->b;
        for (size_t i = 0; i < run->count; i++) {
            const bool is_last = i + 1 == run->count;
            const uint16_t *next_a = is_last ? next_run_a : a + run->a_step;
            const uint16_t *next_b = is_last ? next_run_b : b + run->b_step;
            _tile_loadd(4, a, a_row * sizeof(uint16_t));
            _tile_loadd(6, b, amx_b_row);
            _tile_dpbf16ps(0, 4, 6);
            amx_fetch_quarter(next_a, a_row, next_b, 0);
            if (right) {
                _tile_loadd(7, b + SNN_BLOCK, amx_b_row);
                _tile_dpbf16ps(1, 4, 7);
            }
            amx_fetch_quarter(next_a, a_row, next_b, 1);
            if (lower) {
                _tile_loadd(5, a + SIMD_WIDTH * a_row, a_row * sizeof(uint16_t));
                _tile_dpbf16ps(2, 5, 6);
            }
            amx_fetch_quarter(next_a, a_row, next_b, 2);
            if (lower && right) _tile_dpbf16ps(3, 5, 7);
            amx_fetch_quarter(next_a, a_row, next_b, 3);
            a = next_a;
            b = next_b;
        }
    }
    _tile_stored(0, sums[0], sizeof(sums[0]));
    if (right) _tile_stored(1, sums[0] + SIMD_WIDTH, sizeof(sums[0]));
    if (lower) _tile_stored(2, sums[SIMD_WIDTH], sizeof(sums[0]));
    if (lower && right) _tile_stored(3, sums[SIMD_WIDTH] + SIMD_WIDTH, sizeof(sums[0]));
}

/// Not once for a thread: another library in the process may set its registers up in another way.
static void amx_begin(void) { _tile_loadconfig(&amx_quarters); }

/// Registers in use would have to be saved whenever the thread is interrupted.
static void amx_end(void) { _tile_release(); }

/// Of rows that lie where they are used, all of them.
static void amx_sums_in_place(const snn_block_product *product, const bool right, block_sums sums) {
    if (right) {
        amx_sums(product, true, true, product->a_row, sums);
    } else {
        amx_sums(product, true, false, product->a_row, sums);
    }
}

static void block_product_in_tiles(const snn_block_product *product) {
    block_sums sums;
    block_fetch_target(product);
    const bool lower = snn_block_rows(product) > SIMD_WIDTH, right = product->columns > SIMD_WIDTH;
    if (product->a_row != SNN_BLOCK) {
        amx_sums_in_place(product, right, sums);
    } else if (lower && right) {
        amx_sums(product, true, true, SNN_BLOCK, sums);
    } else if (lower) {
        amx_sums(product, true, false, SNN_BLOCK, sums);
    } else if (right) {
        amx_sums(product, false, true, SNN_BLOCK, sums);
    } else {
        amx_sums(product, false, false, SNN_BLOCK, sums);
    }
    block_store(product, sums);
}

/// Writes the operations of one round.
static float amx_multiply_add(size_t rounds, size_t *operations_per_round) {
    // Pairs of 0.75.
    uint16_t numbers[SNN_BLOCK_NUMBERS / 2];
    for (size_t i = 0; i < SNN_BLOCK_NUMBERS / 2; i++) numbers[i] = 0x3f40;
    block_sums sums;
    *operations_per_round = 2 * SNN_BLOCK * SNN_BLOCK * SNN_BLOCK;
    amx_begin();
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    enum { row = SNN_BLOCK * sizeof(uint16_t) };
    _tile_loadd(4, numbers, row);
    _tile_loadd(5, numbers, row);
    _tile_loadd(6, numbers, row);
    _tile_loadd(7, numbers, row);
    for (size_t round = 0; round < rounds; round++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums[0], sizeof(sums[0]));
    amx_end();
    return sums[0][0];
}

const snn_block_kernels snn_blocks_amx = {
    .begin = amx_begin,
    .end = amx_end,
    .product = block_product_in_tiles,
    .copy_rows = block_copy_rows,
    .copy_float_rows = block_copy_float_rows,
    .copy_pairs = block_copy_pairs,
    .copy_float_pairs = block_copy_float_pairs,
    .multiply_add = amx_multiply_add,
    .in_matrix_unit = true,
};
