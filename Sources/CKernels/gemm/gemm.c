// The GEMM driver: blocks for the caches, packs, and shares the tiles of C among the threads. After Goto & van de
// Geijn, "Anatomy of high-performance matrix multiplication" (2008): a block of A stays in the second-level cache, a
// panel of op(B) in the first. Every tile of C is summed by one thread in one order, so the bits do not depend on the
// threads.
#include "swiftnn/gemm.h"

#include "gemm/epilogue.h"
#include "gemm/dots.h"
#include "gemm/packing.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// Where the panels of op(B) come from.
typedef enum {
    B_PACKED,    ///< all of them packed beforehand
    B_IN_PLACE,  ///< read where they lie
    B_SLICES,    ///< packed a slice of the depth at a time, for all threads
    B_GROUPS     ///< packed by each thread for itself, as many as stay in its second-level cache
} b_source;

/// The blocking of one product: C is cut into blocks of rows, the depth into slices.
typedef struct {
    const snn_kernel_table *kernels;  ///< of the calling thread, for others may have another tier
    const snn_block_kernels *blocks;  ///< NULL where the packed elements are floats
    b_source source;
    size_t elements;    ///< along the depth: floats, or pairs of bfloat16 numbers in whole blocks
    size_t tile_rows;   ///< of a register tile, or a block
    size_t panels;      ///< of op(B)
    size_t depth;       ///< of a slice, in elements
    size_t tiles;       ///< of rows in a block of A
    size_t chunk_rows;  ///< of A packed at a time, whole blocks
    bool pack_a;        ///< whether enough panels read A to make packing it worth while
} gemm_blocking;

/// The deeper slices are, the less often C is read and written: panels of twice the first-level cache, which then
/// stream through it from the second. But rows of a packed tile of A lie as far apart as they are deep, and a whole
/// page apart they would all go to the same place of the cache.
static size_t deepest_slice(const snn_kernel_table *kernels) {
    enum { deepest_rows = 512 };
    const size_t streaming = 2 * snn_l1_cache_size() / (kernels->tile_columns * sizeof(float));
    return snn_min(snn_max(streaming, 64), deepest_rows);
}

/// The depth at which a thread's packed panels are wide enough to be read by whole pages of B, but deep enough for C,
/// which is read and written for every slice, not to cost more than B.
static size_t deepest_group(const snn_gemm_shape *shape) {
    enum { page = 4096 };
    return snn_max(snn_l2_cache_size() / 2 / snn_min(shape->n * sizeof(float), page), 4 * shape->m);
}

/// Blocks of bfloat16 numbers along the depth of a slice, at most: a packed panel of them takes 128 kB.
enum { most_slice_blocks = 64 };

/// Tiles of rows that stay in the second-level cache while panels and C stream through it, at most: half of it is for
/// them and for as much of C as two panels have, which short rows would else be driven out by.
static size_t most_block_tiles(const gemm_blocking *blocking) {
    const size_t row = blocking->depth + 2 * blocking->kernels->tile_columns;
    return snn_max(snn_l2_cache_size() / 2 / (row * sizeof(float)) / blocking->tile_rows, 1);
}

/// Equally deep slices, of whole blocks.
static size_t equal_depth(const gemm_blocking *blocking, size_t deepest) {
    const size_t multiple = blocking->blocks != NULL ? SNN_BLOCK_PAIRS : 1;
    const size_t pieces = snn_max(snn_ceil_div(blocking->elements, snn_round_up(deepest, multiple)), 1);
    return snn_round_up(snn_ceil_div(blocking->elements, pieces), multiple);
}

/// Panels from which on every thread packs groups of its own. Not counted by the threads: the depth of a slice, and
/// with it the last bits of the sums, follow from the choice.
enum { fewest_groups = 8 };

static b_source choose_b_source(const snn_gemm_shape *shape, const gemm_blocking *blocking) {
    const snn_kernel_table *kernels = blocking->kernels;
    // Packing gains nothing for a B that stays in the first-level cache, or whose rows are so short that they are read
    // as a whole anyway.
    const bool in_place = gemm_has_few_rows(shape) || shape->ldb <= 4 * kernels->tile_columns ||
                          shape->k * shape->ldb * sizeof(float) <= snn_l1_cache_size();
    if (in_place && !shape->transpose_b && blocking->blocks == NULL) return B_IN_PLACE;
    const bool one_block = shape->m <= most_block_tiles(blocking) * blocking->tile_rows;
    return one_block && blocking->panels >= fewest_groups ? B_GROUPS : B_SLICES;
}

/// Rows of A packed at a time.
enum { most_chunk_rows = 4096 };

/// Whether tiles of rows of A lie side by side as they would when packed.
static bool has_dense_rows(const snn_gemm_shape *shape, const gemm_blocking *blocking) {
    return !shape->transpose_a && shape->lda == blocking->depth;
}

static gemm_blocking choose_blocking(const snn_gemm_shape *shape, bool packed) {
    const snn_kernel_table *kernels = snn_kernels();
    gemm_blocking blocking = {.kernels = kernels, .panels = snn_ceil_div(shape->n, kernels->tile_columns)};
    blocking.blocks = packed ? gemm_packed_blocks(shape) : gemm_blocks(shape);
    blocking.elements = gemm_elements(shape, blocking.blocks);
    blocking.tile_rows = blocking.blocks != NULL ? SNN_BLOCK : snn_even_piece(shape->m, kernels->tile_rows);
    const bool in_blocks = blocking.blocks != NULL;
    blocking.depth = equal_depth(&blocking, in_blocks ? most_slice_blocks * SNN_BLOCK_PAIRS : deepest_slice(kernels));
    blocking.source = packed ? B_PACKED : choose_b_source(shape, &blocking);
    if (blocking.source == B_GROUPS && !shape->transpose_b) {
        blocking.depth = equal_depth(&blocking, snn_min(blocking.depth, deepest_group(shape)));
    }
    const size_t most_rows = snn_min(shape->m, most_chunk_rows);
    blocking.tiles = snn_even_piece(snn_ceil_div(most_rows, blocking.tile_rows), most_block_tiles(&blocking));
    blocking.chunk_rows = snn_round_up(most_rows, blocking.tiles * blocking.tile_rows);
    // Where few panels read A, packing it is not worth while by itself, nor where its rows lie side by side.
    blocking.pack_a = in_blocks || (blocking.panels >= 8 && !has_dense_rows(shape, &blocking));
    return blocking;
}

static size_t packed_a_bytes(const gemm_blocking *blocking) {
    return blocking->pack_a ? snn_round_up(blocking->chunk_rows * blocking->depth * sizeof(float), SNN_ALIGNMENT) : 0;
}

/// From one packed panel to the next. Those of a group lie a line of the cache further apart, or the rows of B, which
/// are spread over them, would go to the same places of the cache.
static size_t panel_floats(const gemm_blocking *blocking) {
    const size_t apart = blocking->source == B_GROUPS ? SNN_ALIGNMENT / sizeof(float) : 0;
    return blocking->depth * blocking->kernels->tile_columns + apart;
}

/// Panels that a thread packs for itself at a time.
static size_t group_panels(const gemm_blocking *blocking) {
    const size_t fitting = snn_l2_cache_size() / 2 / (snn_max(panel_floats(blocking), 1) * sizeof(float));
    return snn_min(snn_max(fitting, 1), blocking->panels);
}

static size_t packed_b_bytes(const gemm_blocking *blocking) {
    switch (blocking->source) {
        case B_PACKED:
        case B_IN_PLACE: return 0;
        case B_SLICES: return blocking->panels * panel_floats(blocking) * sizeof(float);
        case B_GROUPS:
            return (size_t)snn_most_threads() * group_panels(blocking) * panel_floats(blocking) * sizeof(float);
    }
}

/// A slice of the depth of a product, and within it a chunk of rows.
typedef struct {
    const snn_gemm_shape *shape;
    const gemm_blocking *blocking;
    const float *a;
    gemm_b given_b;
    const float *b;         ///< the panels' numbers of this slice: as given, or packed
    size_t b_panel, b_row;  ///< floats from one panel to the next, and between the rows of a panel
    bool b_packed;          ///< whether b is packed
    float *packed_a, *packed_b, *c;
    const snn_epilogue *epilogue;
    size_t first_k, depth;      ///< elements
    size_t first_row, end_row;  ///< of the chunk
} gemm_slice;

static bool is_last_slice(const gemm_slice *slice) {
    return slice->first_k + slice->depth == slice->blocking->elements;
}

static size_t slice_tiles(const gemm_slice *slice) {
    return snn_ceil_div(slice->end_row - slice->first_row, slice->blocking->tile_rows);
}

/// What of C the slice's sums are added to: its first one to beta * C.
static float slice_beta(const gemm_slice *slice) { return slice->first_k == 0 ? slice->shape->beta : 1; }

/// Whether sums are rounded as blocks of them are stored: an activation comes before.
static bool stores_rounded(const gemm_slice *slice) {
    return slice->shape->rounds && slice->blocking->blocks != NULL && !snn_epilogue_activates(slice->epilogue);
}

static const float *slice_bias(const gemm_slice *slice, size_t column) {
    return is_last_slice(slice) ? snn_epilogue_bias(slice->epilogue, column) : NULL;
}

static snn_tile tile_at(const gemm_slice *slice, size_t row, const float *panel_of_b, size_t panel) {
    const snn_gemm_shape *shape = slice->shape;
    const size_t width = slice->blocking->kernels->tile_columns, column = panel * width;
    snn_tile tile = {
        .rows = snn_min(slice->blocking->tile_rows, slice->end_row - row),
        .columns = snn_min(width, shape->n - column),
        .depth = slice->depth,
        .b = panel_of_b,
        .b_depth = slice->b_row,
        .b_packed = slice->b_packed,
        .c = slice->c + row * shape->ldc + column,
        .c_row = shape->ldc,
        .alpha = shape->alpha,
        .beta = slice_beta(slice),
        .bias = slice_bias(slice, column),
    };
    if (slice->blocking->pack_a) {
        tile.a = slice->packed_a + (row - slice->first_row) * slice->depth;
        tile.a_row = shape->transpose_a ? 1 : slice->depth;
        tile.a_depth = shape->transpose_a ? tile.rows : 1;
        tile.next_a = tile.a + tile.rows * slice->depth;
    } else {
        tile.a_row = shape->transpose_a ? 1 : shape->lda;
        tile.a_depth = shape->transpose_a ? shape->lda : 1;
        tile.a = slice->a + row * tile.a_row + slice->first_k * tile.a_depth;
        if (has_dense_rows(shape, slice->blocking)) tile.next_a = tile.a + tile.rows * tile.a_row;
    }
    return tile;
}

/// The same in blocks, which lie behind one another in both packed operands.
static void multiply_blocks(const gemm_slice *slice, size_t row, const float *panel_of_b, size_t panel) {
    const snn_gemm_shape *shape = slice->shape;
    const size_t rows = snn_min(SNN_BLOCK, slice->end_row - row), column = panel * SNN_BLOCK;
    const snn_block_run run = {
        .a = (const uint16_t *)(slice->packed_a + (row - slice->first_row) * slice->depth),
        .b = (const uint16_t *)panel_of_b,
        .count = slice->depth / SNN_BLOCK_PAIRS,
        .a_step = SNN_BLOCK_NUMBERS,
        .b_step = SNN_BLOCK_NUMBERS,
    };
    const snn_block_product product = {
        .groups = 1,
        .group_rows = rows,
        .rows = rows,
        .columns = snn_min(SNN_BLOCK, shape->n - column),
        .run_count = 1,
        .runs = &run,
        .a_row = SNN_BLOCK,
        .next_a = run.count * SNN_BLOCK_NUMBERS,
        .c = slice->c + row * shape->ldc + column,
        .c_row = shape->ldc,
        .alpha = shape->alpha,
        .beta = slice_beta(slice),
        .rounds = stores_rounded(slice) && is_last_slice(slice),
        .bias = slice_bias(slice, column),
    };
    slice->blocking->blocks->product(&product);
}

static void begin_products(const gemm_slice *slice) {
    if (slice->blocking->blocks != NULL) slice->blocking->blocks->begin();
}

static void end_products(const gemm_slice *slice) {
    if (slice->blocking->blocks != NULL) slice->blocking->blocks->end();
}

/// The products of the tiles [first, end) of rows with one panel.
static void multiply_panel(const gemm_slice *slice, size_t first, size_t end, const float *panel_of_b, size_t panel) {
    const gemm_blocking *blocking = slice->blocking;
    for (size_t i = first; i < end; i++) {
        const size_t row = slice->first_row + i * blocking->tile_rows;
        if (blocking->blocks != NULL) {
            multiply_blocks(slice, row, panel_of_b, panel);
        } else {
            const snn_tile tile = tile_at(slice, row, panel_of_b, panel);
            blocking->kernels->gemm_tile(&tile);
        }
    }
}

/// The activation and the rounding of summed tiles [first, end) of rows in some panels.
static void finish(const gemm_slice *slice, size_t first, size_t end, size_t first_panel, size_t end_panel) {
    const snn_gemm_shape *shape = slice->shape;
    const snn_kernel_table *kernels = slice->blocking->kernels;
    const bool activated = snn_epilogue_activates(slice->epilogue), rounded = shape->rounds && !stores_rounded(slice);
    if (!(activated || rounded) || !is_last_slice(slice) || first_panel >= end_panel) return;
    const size_t rows = slice->blocking->tile_rows, width = kernels->tile_columns;
    const size_t column = first_panel * width, columns = snn_min(end_panel * width, shape->n) - column;
    const size_t end_row = snn_min(slice->first_row + end * rows, slice->end_row);
    for (size_t row = slice->first_row + first * rows; row < end_row; row++) {
        float *out = slice->c + row * shape->ldc + column;
        if (activated) kernels->activation_forward(slice->epilogue->activation, columns, out, out);
        if (rounded) kernels->round_to_bfloat16(columns, out, out);
    }
}

/// The tiles [first, end) of a block of rows, counted panel by panel and downwards in a panel: the rows stay in the
/// second-level cache while the panels pass through the first.
static void multiply_block(const gemm_slice *slice, size_t top, size_t tiles, size_t first, size_t end) {
    begin_products(slice);
    for (size_t i = first; i < end;) {
        const size_t panel = i / tiles, from = i % tiles, count = snn_min(tiles - from, end - i);
        multiply_panel(slice, top + from, top + from + count, slice->b + panel * slice->b_panel, panel);
        i += count;
    }
    end_products(slice);
    for (size_t tile = 0; tile < tiles; tile++) {
        const size_t first_panel = snn_ceil_div(first - snn_min(tile, first), tiles);
        const size_t end_panel = snn_ceil_div(end - snn_min(tile, end), tiles);
        finish(slice, top + tile, top + tile + 1, first_panel, end_panel);
    }
}

/// The tiles [first, end) of C, counted block by block.
static void multiply_tiles(const gemm_slice *slice, size_t first, size_t end) {
    const size_t panels = slice->blocking->panels, all = slice_tiles(slice);
    for (size_t top = 0; top < all; top += slice->blocking->tiles) {
        const size_t tiles = snn_min(slice->blocking->tiles, all - top), before = top * panels;
        if (end <= before || first >= before + tiles * panels) continue;
        multiply_block(slice, top, tiles, snn_max(first, before) - before, snn_min(end - before, tiles * panels));
    }
}

/// The panels [first, end), packed by the thread that needs them.
static void multiply_panels(const gemm_slice *slice, size_t first, size_t end, float *packed) {
    const size_t group = group_panels(slice->blocking), tiles = slice_tiles(slice);
    for (size_t start = first; start < end; start += group) {
        const size_t stop = snn_min(start + group, end);
        gemm_pack_panels(
            &slice->given_b, start, stop, slice->first_k, slice->first_k + slice->depth, packed, slice->b_panel);
        begin_products(slice);
        for (size_t panel = start; panel < stop; panel++) {
            multiply_panel(slice, 0, tiles, packed + (panel - start) * slice->b_panel, panel);
        }
        end_products(slice);
        finish(slice, 0, tiles, start, stop);
    }
}

/// Packs one tile of rows of op(A) in blocks, from its rows or from its columns.
static void pack_row_blocks(const gemm_slice *slice, size_t rows, size_t features, const float *a, uint16_t *packed) {
    const snn_gemm_shape *shape = slice->shape;
    const snn_block_kernels *blocks = slice->blocking->blocks;
    if (!shape->transpose_a) {
        blocks->copy_float_rows(rows, features, a, shape->lda, packed, SNN_BLOCK, SNN_BLOCK_NUMBERS);
        return;
    }
    _Alignas(SNN_ALIGNMENT) uint16_t turned[SNN_BLOCK_NUMBERS];
    for (size_t feature = 0; feature < features; feature += SNN_BLOCK) {
        for (size_t pair = 0; pair < SNN_BLOCK_PAIRS; pair++) {
            const size_t row = feature + 2 * pair;
            const float *first = row < features ? a + row * shape->lda : NULL;
            const float *second = row + 1 < features ? first + shape->lda : NULL;
            blocks->copy_float_pairs(1, rows, first, second, 0, turned + pair * 2 * SNN_BLOCK, 0, 0);
        }
        slice->blocking->kernels->transpose(SNN_BLOCK_PAIRS, rows, (const float *)turned, SNN_BLOCK,
            (float *)(packed + feature * SNN_BLOCK), SNN_BLOCK_PAIRS);
    }
}

/// Packs one tile of rows of op(A): as floats in the order in which it is stored, so that its rows, or the columns of
/// its rows, lie side by side.
static void pack_row_tile(const gemm_slice *slice, size_t row) {
    const snn_gemm_shape *shape = slice->shape;
    const gemm_blocking *blocking = slice->blocking;
    const size_t rows = snn_min(blocking->tile_rows, slice->end_row - row);
    float *packed = slice->packed_a + (row - slice->first_row) * slice->depth;
    const size_t first = gemm_features(shape, blocking->blocks, slice->first_k);
    const size_t features = gemm_features(shape, blocking->blocks, slice->first_k + slice->depth) - first;
    const float *a = slice->a + (shape->transpose_a ? first * shape->lda + row : row * shape->lda + first);
    if (blocking->blocks != NULL) {
        pack_row_blocks(slice, rows, features, a, (uint16_t *)packed);
        return;
    }
    const size_t lines = shape->transpose_a ? features : rows, line = shape->transpose_a ? rows : features;
    blocking->kernels->copy_rows(lines, line, a, shape->lda, packed);
}

static void pack_chunk(const gemm_slice *slice, int threads) {
    const size_t tiles = slice_tiles(slice);
    SNN_PARALLEL_FOR(threads, i, tiles, { pack_row_tile(slice, slice->first_row + i * slice->blocking->tile_rows); });
}

static void multiply_chunk(const gemm_slice *slice, size_t shares) {
    const b_source source = slice->blocking->source;
    if (slice->blocking->pack_a) pack_chunk(slice, (int)shares);
    const size_t panels = slice->blocking->panels;
    if (source == B_GROUPS) {
        const size_t own = group_panels(slice->blocking) * slice->b_panel;
        const size_t packers = snn_min(shares, (size_t)snn_most_threads());
        SNN_PARALLEL_PIECES(packers, packer, first, end, panels,
            { multiply_panels(slice, first, end, slice->packed_b + packer * own); });
    } else {
        SNN_PARALLEL_PIECES(
            shares, thread, first, end, slice_tiles(slice) * panels, { multiply_tiles(slice, first, end); });
    }
}

/// Where the slice finds the panels of op(B): packed here where they are packed for all threads.
static void locate_b(gemm_slice *slice, size_t shares) {
    const b_source source = slice->blocking->source;
    const size_t width = slice->blocking->kernels->tile_columns;
    slice->b_packed = source != B_IN_PLACE;
    slice->b_row = source == B_IN_PLACE ? slice->shape->ldb : width;
    switch (source) {
        case B_PACKED: slice->b_panel = slice->blocking->elements * width; break;
        case B_IN_PLACE: slice->b_panel = width; break;
        case B_SLICES: slice->b_panel = slice->depth * width; break;
        case B_GROUPS: slice->b_panel = panel_floats(slice->blocking); break;
    }
    if (source == B_SLICES) {
        gemm_pack_slice(&slice->given_b, slice->first_k, slice->first_k + slice->depth, slice->packed_b, (int)shares);
        slice->b = slice->packed_b;
    } else {
        slice->b = slice->given_b.b + slice->first_k * slice->b_row;
    }
}

/// The product, slice by slice.
static void multiply(const snn_gemm_shape *shape, const gemm_blocking *blocking, const float *a, const float *b,
    const snn_epilogue *epilogue, float *c, void *workspace) {
    gemm_slice slice = {
        .shape = shape,
        .blocking = blocking,
        .a = a,
        .given_b = {blocking->kernels, blocking->blocks, shape, b},
        .packed_a = workspace,
        .packed_b = (float *)((char *)workspace + packed_a_bytes(blocking)),
        .c = c,
        .epilogue = epilogue,
    };
    const size_t shares = (size_t)snn_threads_for_products(shape->m * shape->n * shape->k);
    // One pass even for k = 0: C = activation(beta * C + bias).
    do {
        slice.depth = snn_min(blocking->depth, blocking->elements - slice.first_k);
        locate_b(&slice, shares);
        for (slice.first_row = 0; slice.first_row < shape->m; slice.first_row = slice.end_row) {
            slice.end_row = snn_min(slice.first_row + blocking->chunk_rows, shape->m);
            multiply_chunk(&slice, shares);
        }
        slice.first_k += slice.depth;
    } while (slice.first_k < blocking->elements);
}

size_t snn_gemm_packed_workspace_size(const snn_gemm_shape *shape) {
    const gemm_blocking blocking = choose_blocking(shape, true);
    return packed_a_bytes(&blocking);
}

void snn_gemm_packed(const snn_gemm_shape *shape, const float *a, const void *packed_b, const snn_epilogue *epilogue,
    float *c, void *workspace) {
    if (shape->m == 0 || shape->n == 0) return;
    const gemm_blocking blocking = choose_blocking(shape, true);
    multiply(shape, &blocking, a, packed_b, epilogue, c, workspace);
}

size_t snn_gemm_workspace_size(const snn_gemm_shape *shape) {
    if (gemm_prefers_dots(shape)) return 0;
    const gemm_blocking blocking = choose_blocking(shape, false);
    return packed_a_bytes(&blocking) + packed_b_bytes(&blocking);
}

void snn_gemm(const snn_gemm_shape *shape, const float *a, const float *b, const snn_epilogue *epilogue, float *c,
    void *workspace) {
    if (shape->m == 0 || shape->n == 0) return;
    if (gemm_prefers_dots(shape)) {
        gemm_by_dots(shape, a, b, epilogue, c);
        return;
    }
    const gemm_blocking blocking = choose_blocking(shape, false);
    multiply(shape, &blocking, a, b, epilogue, c, workspace);
}
