// The sums of a register tile: accumulators that stay in registers while the depth runs. Two instructions a cycle
// multiply and add, and the others shall not stand in their way: a core whose other hyperthread is at work has three a
// cycle for us. So rows of A are reached from few pointers, some of their numbers are read by the multiplication
// itself, and the loop takes some steps along the depth a turn.
#include "gemm/tile.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// Rows of a tile of a single vector, where a kernel takes so many: enough sums for none to wait for its last addition.
#define SIMD_TALL_TILE_ROWS (SIMD_TILE_ROWS < 8 ? 2 * SIMD_TILE_ROWS : SIMD_TILE_ROWS)

typedef vf tile_accumulators[SIMD_TALL_TILE_ROWS][SIMD_TILE_VECTORS];

/// Rows of A reached from one pointer: of rows anywhere; of rows equally far apart, the row itself, and by an address
/// that takes a distance once and twice; and of rows side by side, all.
enum { rows_anywhere = 1, rows_apart = 3, rows_side_by_side = SIMD_TALL_TILE_ROWS };

/// How a tile is summed: constants at every call, so that loops over them unroll.
typedef struct {
    size_t rows, vectors;
    size_t parts;       ///< accumulators of a number of C, in place of vectors
    size_t reach;       ///< rows of A reached from one pointer
    bool embeds;        ///< multiplications read some numbers of A themselves, once a vector: where A is in the nearest
                        ///< cache; of a single vector they do in any case
    bool masked;        ///< only `tail` lanes of the last vector of B may be read
    bool fetches;       ///< what lies ahead is fetched into the first-level cache with every row of B
    bool fetches_next;  ///< so is the next tile's A
} tile_form;

/// Where a tile's sums have come to.
typedef struct {
    const float *a[SIMD_TALL_TILE_ROWS];  ///< a pointer for every `reach` rows
    size_t a_row, a_depth;                ///< floats from one row to the next, and along the depth
    size_t a_offset;                      ///< of rows anywhere, whose pointers stay
    const float *b;
    size_t b_depth;
    const float *ahead;
    size_t ahead_depth;
    const float *next_a;
    size_t tail;
} tile_position;

/// Steps along the depth that one turn of the loop takes.
enum { tile_steps = 4 };

/// A tile of a single vector has few sums, each of which waits for its last addition: it sums every other k apart, in
/// the place of a second vector. The order of the additions follows from the number of columns alone.
#define TILE_PARTS(VECTORS) ((VECTORS) == 1 ? 2 : 1)

SIMD_CASE_INLINE void tile_clear(const tile_form form, tile_accumulators acc) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < form.vectors * form.parts; v++) acc[i][v] = v_zero();
    }
}

/// One step: acc += a column of A times a row of B.
SIMD_CASE_INLINE void tile_step(const tile_form form, const size_t part, tile_accumulators acc, tile_position *at) {
    vf row_of_b[SIMD_TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < form.vectors; v++) {
        const float *p = at->b + v * SIMD_WIDTH;
        row_of_b[v] = form.masked && v == form.vectors - 1 ? v_load_n(p, at->tail) : v_load(p);
        if (form.fetches && v * SIMD_WIDTH % 16 == 0) __builtin_prefetch(at->ahead + v * SIMD_WIDTH);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i++) {
        const float *element = at->a[i / form.reach] + i % form.reach * at->a_row + at->a_offset;
        const bool embedded = form.vectors == 1 || (form.embeds && i % rows_apart == 0);
        const vf copies = embedded ? v_zero() : v_load_element(element);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < form.vectors; v++) {
            vf *sum = &acc[i][part + v];
            *sum = embedded ? v_fma_element(element, row_of_b[v], *sum) : v_fma_in_order(copies, row_of_b[v], *sum);
        }
    }
    at->b += at->b_depth;
    at->ahead += at->ahead_depth;
    if (form.reach == rows_anywhere) {
        at->a_offset += at->a_depth;
        return;
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i += form.reach) at->a[i / form.reach] += at->a_depth;
}

/// Fetches as many numbers of the next tile's A as so many steps have read of this one's: rows apart as if they lay one
/// behind the other, and of rows side by side a line at every step.
SIMD_CASE_INLINE void tile_fetch_next(const tile_form form, const size_t steps, tile_position *at) {
    const bool side_by_side = form.reach == rows_side_by_side;
    const size_t line = side_by_side ? at->a_depth : SNN_ALIGNMENT / sizeof(float);
    const size_t lines = side_by_side ? steps : snn_ceil_div(form.rows * steps, line);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < lines; i++) __builtin_prefetch(at->next_a + i * line);
    at->next_a += steps * (side_by_side ? at->a_depth : form.rows);
}

/// So many steps, after which the compiler forgets what the pointers have in common: it would else compute each address
/// from the one before.
SIMD_CASE_INLINE void tile_turn(const tile_form form, const size_t steps, tile_accumulators acc, tile_position *at) {
#pragma clang loop unroll(full)
    for (size_t step = 0; step < steps; step++) {
        tile_step(form, step % form.parts, acc, at);
        // No load moves over it: with the next step's ahead of its turn, a sum would lose its register.
        __asm__ volatile("" ::: "memory");
    }
    if (form.fetches_next) tile_fetch_next(form, steps, at);
    if (form.reach == rows_anywhere) return;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i += form.reach) __asm__("" : "+r"(at->a[i / form.reach]));
}

/// acc += A * B over `depth`, from the position on, which ends behind it.
SIMD_CASE_INLINE void tile_accumulate(const tile_form form, tile_accumulators acc, size_t depth, tile_position *at) {
    for (size_t turns = depth / tile_steps; turns > 0; turns--) tile_turn(form, tile_steps, acc, at);
    if (depth % tile_steps >= 2) tile_turn(form, 2, acc, at);
    if (depth % 2 == 1) tile_turn(form, 1, acc, at);
}

/// Rows of C that lie c_row floats apart.
SIMD_CASE_INLINE void tile_locate_rows(const tile_form form, float *c, size_t c_row, float **rows) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i++) rows[i] = c + i * c_row;
}

/// Fetches C, which would else be waited for when all is summed.
SIMD_CASE_INLINE void tile_fetch(const tile_form form, float *const *c) {
    const size_t line = SNN_ALIGNMENT / sizeof(float);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < form.rows; i++) {
        for (size_t v = 0; v < form.vectors * SIMD_WIDTH; v += line) __builtin_prefetch(c[i] + v, 1);
    }
}

/// The last sum of a tile: as tile_accumulate, but fetches C once more shortly before the end, for what has streamed
/// through the first-level cache since the first time has driven it out.
SIMD_CASE_INLINE void tile_accumulate_last(
    const tile_form form, tile_accumulators acc, size_t depth, tile_position *at, float *const *c) {
    enum { last_steps = 8 * tile_steps, many_steps = 4 * last_steps };
    size_t steps = depth > many_steps ? (depth - last_steps) / tile_steps * tile_steps : depth;
#pragma clang loop unroll(disable)
    for (size_t left = depth; left > 0; steps = left) {
        tile_accumulate(form, acc, steps, at);
        left -= steps;
        if (left > 0) tile_fetch(form, c);
    }
}

/// The sum of the parts of a number of C.
SIMD_CASE_INLINE vf tile_sum(const tile_form form, tile_accumulators acc, size_t i, size_t v) {
    return form.parts == 2 ? acc[i][0] + acc[i][1] : acc[i][v];
}

/// C = acc, or where it `adds`, which is a constant at every call, C += acc.
SIMD_CASE_INLINE void tile_store_sums(
    const tile_form form, const bool adds, tile_accumulators acc, size_t columns, float *const *c) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < form.vectors; v++) {
        const size_t lanes = v == form.vectors - 1 ? columns - v * SIMD_WIDTH : SIMD_WIDTH;
#pragma clang loop unroll(full)
        for (size_t i = 0; i < form.rows; i++) {
            float *out = c[i] + v * SIMD_WIDTH;
            const vf sum = tile_sum(form, acc, i, v);
            v_store_lanes(out, adds ? v_load_lanes(out, lanes) + sum : sum, lanes);
        }
    }
}

/// C = alpha * acc + beta * C + bias.
SIMD_CASE_INLINE void tile_store(const tile_form form, tile_accumulators acc, size_t columns, float alpha, float beta,
    const float *bias, float *const *c) {
    const bool plain = alpha == 1 && bias == NULL;
    if (plain && beta == 0) {
        tile_store_sums(form, false, acc, columns, c);
        return;
    }
    if (plain && beta == 1) {
        tile_store_sums(form, true, acc, columns, c);
        return;
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < form.vectors; v++) {
        const size_t lanes = v == form.vectors - 1 ? columns - v * SIMD_WIDTH : SIMD_WIDTH;
        const vf offset = bias != NULL ? v_load_lanes(bias + v * SIMD_WIDTH, lanes) : v_zero();
#pragma clang loop unroll(full)
        for (size_t i = 0; i < form.rows; i++) {
            float *out = c[i] + v * SIMD_WIDTH;
            vf result = v_fma(v_set1(alpha), tile_sum(form, acc, i, v), offset);
            if (beta != 0) result = v_fma(v_set1(beta), v_load_lanes(out, lanes), result);
            v_store_lanes(out, result, lanes);
        }
    }
}
