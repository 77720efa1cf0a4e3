// The weight gradient in blocks of bfloat16 numbers. It sums over the pixels of all images: the depth of a block is 32
// images, its rows are channels of x, its columns channels of dy. A piece of both is copied into blocks first, which
// all taps and channels then read. Where the gradient is small, chunks of pieces have sums of their own that are added
// up at the end; else all threads share every piece. Either follows from the shape alone, so the bits do not depend on
// the threads.
#include <string.h>

#include "conv/block_list.h"
#include "conv/blocks.h"
#include "conv/pixel_blocks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

typedef struct {
    const snn_kernel_table *kernels;
    const snn_block_kernels *blocks;
    conv_geometry geometry;  ///< a group of 32 images counts as one
    size_t images;           ///< in all
    conv_packing packing;    ///< the order of the sums
    pixel_blocks pieces;
    size_t row_blocks, panels;  ///< of the channels of x and of dy
    size_t chunks, sums_size;   ///< floats of a chunk
    size_t x_lines;             ///< of x under a piece, at most
    size_t x_line, dy_line;     ///< numbers of a copied line
    size_t copy_size;           ///< numbers of the copies of a piece
    const uint16_t *x, *dy;
    float *sums;
    uint16_t *copies;
} gradient_plan;

/// Pixels of a piece: as many as fit the second-level cache, as blocks of both, and where chunks are wanted few enough
/// for some; of few pixels, most time would go into loading and storing the sums.
static size_t choose_pixels(const gradient_plan *plan, bool in_chunks) {
    enum { fewest_pixels = 16, fewest_chunks = 8 };
    const conv_axis *height = &plan->geometry.height, *width = &plan->geometry.width;
    const size_t x_pixels = (size_t)height->step * (size_t)width->step;
    const size_t bytes = (x_pixels * plan->row_blocks + plan->panels) * SNN_BLOCK_NUMBERS * sizeof(uint16_t);
    const size_t all = plan->geometry.batch * height->positions * width->positions;
    const size_t fitting = snn_l2_cache_size() / bytes;
    return snn_max(fewest_pixels, in_chunks ? snn_min(fitting, all / fewest_chunks) : fitting);
}

/// The lines (or columns) of x that some lines (or columns) of dy read.
static void source_range(const conv_axis *axis, size_t first_target, size_t end_target, size_t *first, size_t *end) {
    *first = axis->source_size;
    *end = 0;
    for (size_t target = first_target; target < end_target; target++) {
        size_t first_tap, end_tap;
        conv_axis_taps(axis, target, &first_tap, &end_tap);
        if (first_tap == end_tap) continue;
        *first = snn_min(*first, (size_t)conv_axis_source(axis, target, first_tap));
        *end = snn_max(*end, (size_t)conv_axis_source(axis, target, end_tap - 1) + 1);
    }
    *first = snn_min(*first, *end);
}

/// The most of them that so many of dy read.
static size_t source_reach(const conv_axis *axis, size_t targets) {
    const size_t reach = (targets - 1) * (size_t)axis->step + (axis->taps - 1) * (size_t)axis->tap_offset;
    return snn_min(axis->source_size, reach + 1);
}

static gradient_plan make_plan(const snn_conv_shape *shape) {
    gradient_plan plan = {
        .kernels = snn_kernels(),
        .blocks = snn_blocks(),
        .geometry = conv_forward_geometry(shape),
        .images = shape->batch,
        .packing = conv_forward_packing(shape),
        .row_blocks = snn_ceil_div(shape->in_channels, SNN_BLOCK),
        .panels = snn_ceil_div(shape->out_channels, SNN_BLOCK),
    };
    plan.geometry.batch = snn_ceil_div(shape->batch, SNN_BLOCK);
    plan.sums_size = conv_packing_size(&plan.packing);
    const bool in_chunks = plan.sums_size * sizeof(float) <= snn_l2_cache_size() / 2;
    plan.pieces = pixel_blocks_of(&plan.geometry, choose_pixels(&plan, in_chunks));
    plan.chunks = in_chunks ? snn_min(SNN_WANTED_CHUNKS, plan.pieces.count) : 1;
    plan.x_lines = source_reach(&plan.geometry.height, plan.pieces.lines);
    plan.x_line = source_reach(&plan.geometry.width, plan.pieces.columns) * plan.row_blocks * SNN_BLOCK_NUMBERS;
    plan.dy_line = plan.pieces.columns * plan.panels * SNN_BLOCK_NUMBERS;
    plan.copy_size = plan.pieces.images * (plan.x_lines * plan.x_line + plan.pieces.lines * plan.dy_line);
    return plan;
}

/// A piece of the pixels, and its copies: what of x is under it, [group of images][line][column][block of channels],
/// and of dy [group][line][column][panel].
typedef struct {
    pixel_block pixels;
    size_t first_x_line, end_x_line, first_x_column, end_x_column;
    uint16_t *x, *dy;
} gradient_piece;

static gradient_piece piece_at(const gradient_plan *plan, size_t index, uint16_t *copies) {
    gradient_piece piece = {.pixels = pixel_block_at(&plan->geometry, &plan->pieces, index), .x = copies};
    piece.dy = copies + plan->pieces.images * plan->x_lines * plan->x_line;
    source_range(
        &plan->geometry.height, piece.pixels.first_line, piece.pixels.end_line, &piece.first_x_line, &piece.end_x_line);
    source_range(&plan->geometry.width, piece.pixels.first_column, piece.pixels.end_column, &piece.first_x_column,
        &piece.end_x_column);
    return piece;
}

static uint16_t *x_line_of(const gradient_plan *plan, const gradient_piece *piece, size_t group, size_t line) {
    return piece->x + (group * plan->x_lines + line - piece->first_x_line) * plan->x_line;
}

static uint16_t *dy_line_of(const gradient_plan *plan, const gradient_piece *piece, size_t group, size_t line) {
    return piece->dy + (group * plan->pieces.lines + line - piece->pixels.first_line) * plan->dy_line;
}

/// Some pixels, `channels` numbers each and `image` numbers from one image to the next, of a group of images as blocks
/// of B. Images that are not there are zeros.
static void copy_pixels(const gradient_plan *plan, size_t group, size_t pixels, size_t channels, const uint16_t *first,
    size_t image, uint16_t *out) {
    const size_t row = snn_ceil_div(channels, SNN_BLOCK) * SNN_BLOCK_NUMBERS;
    for (size_t pair = 0; pair < SNN_BLOCK_PAIRS; pair++) {
        const size_t left = plan->images - snn_min(group * SNN_BLOCK + 2 * pair, plan->images);
        const uint16_t *pixel = first + 2 * pair * image;
        plan->blocks->copy_pairs(pixels, channels, left > 0 ? pixel : NULL, left > 1 ? pixel + image : NULL, channels,
            out + pair * 2 * SNN_BLOCK, row, SNN_BLOCK_NUMBERS);
    }
}

static void copy_dy_line(const gradient_plan *plan, const gradient_piece *piece, size_t group, size_t line) {
    const size_t channels = plan->geometry.target_channels, width = plan->geometry.width.positions;
    const size_t image = plan->geometry.height.positions * width * channels, in_all = piece->pixels.first_image + group;
    const uint16_t *first =
        plan->dy + in_all * SNN_BLOCK * image + (line * width + piece->pixels.first_column) * channels;
    copy_pixels(plan, in_all, piece->pixels.end_column - piece->pixels.first_column, channels, first, image,
        dy_line_of(plan, piece, group, line));
}

/// As blocks of A, which are those of B transposed.
static void copy_x_line(const gradient_plan *plan, const gradient_piece *piece, size_t group, size_t line) {
    const size_t channels = plan->geometry.source_channels, width = plan->geometry.width.source_size;
    const size_t image = plan->geometry.height.source_size * width * channels;
    const size_t in_all = piece->pixels.first_image + group;
    const size_t pixels = piece->end_x_column - piece->first_x_column;
    const uint16_t *first = plan->x + in_all * SNN_BLOCK * image + (line * width + piece->first_x_column) * channels;
    uint16_t *out = x_line_of(plan, piece, group, line);
    copy_pixels(plan, in_all, pixels, channels, first, image, out);
    for (size_t block = 0; block < pixels * plan->row_blocks; block++, out += SNN_BLOCK_NUMBERS) {
        _Alignas(SNN_ALIGNMENT) uint16_t turned[SNN_BLOCK_NUMBERS];
        memcpy(turned, out, sizeof(turned));
        plan->kernels->transpose(
            SNN_BLOCK_PAIRS, SNN_BLOCK, (const float *)turned, SNN_BLOCK, (float *)out, SNN_BLOCK_PAIRS);
    }
}

static size_t x_lines_of(const gradient_piece *piece) { return piece->end_x_line - piece->first_x_line; }

static size_t dy_lines_of(const gradient_piece *piece) { return piece->pixels.end_line - piece->pixels.first_line; }

/// How many lines a piece has: of x, and then of dy.
static size_t piece_lines(const gradient_piece *piece) {
    return piece->pixels.images * (x_lines_of(piece) + dy_lines_of(piece));
}

/// The lines [first, end) of a piece.
static void copy_lines(const gradient_plan *plan, const gradient_piece *piece, size_t first, size_t end) {
    const size_t x_lines = x_lines_of(piece), dy_lines = dy_lines_of(piece), x_all = piece->pixels.images * x_lines;
    for (size_t i = first; i < end; i++) {
        if (i < x_all) {
            copy_x_line(plan, piece, i / x_lines, piece->first_x_line + i % x_lines);
        } else {
            copy_dy_line(plan, piece, (i - x_all) / dy_lines, piece->pixels.first_line + (i - x_all) % dy_lines);
        }
    }
}

/// Adds a piece to the weights of one tap between a block of channels of x and a panel of dy.
static void add_tile(const gradient_plan *plan, const gradient_piece *piece, bool is_first, size_t panel, size_t tap,
    size_t row_block, float *sums) {
    const conv_axis *height = &plan->geometry.height, *width = &plan->geometry.width;
    const size_t row = row_block * SNN_BLOCK, depth = plan->packing.depth, panel_columns = plan->packing.panel_columns;
    const tap_pixels met = pixel_block_tap(&plan->geometry, &piece->pixels, tap);
    const size_t rows = snn_min(SNN_BLOCK, depth - row);
    const snn_block_product sum = {
        .groups = 1,
        .group_rows = rows,
        .rows = rows,
        .columns = snn_min(SNN_BLOCK, plan->packing.columns - panel * SNN_BLOCK),
        .a_row = SNN_BLOCK,
        .c = sums + panel * conv_packing_panel_size(&plan->packing) + (tap * depth + row) * panel_columns,
        .c_row = panel_columns,
        .alpha = 1,
        .beta = is_first ? 0 : 1,
    };
    block_list list;
    block_list_start(&list, plan->blocks, sum);
    const size_t x_pixel = plan->row_blocks * SNN_BLOCK_NUMBERS, dy_pixel = plan->panels * SNN_BLOCK_NUMBERS;
    const size_t x_column =
        (size_t)conv_axis_source(width, met.first_column, tap % width->taps) - piece->first_x_column;
    const size_t dy_column = met.first_column - piece->pixels.first_column;
    for (size_t group = 0; group < met.images; group++) {
        for (size_t line = met.first_line; line < met.first_line + met.lines; line++) {
            const size_t x_row = (size_t)conv_axis_source(height, line, tap / width->taps);
            const uint16_t *x_line = x_line_of(plan, piece, group, x_row),
                           *dy_line = dy_line_of(plan, piece, group, line);
            const snn_block_run run = {
                .a = x_line + x_column * x_pixel + row_block * SNN_BLOCK_NUMBERS,
                .b = dy_line + dy_column * dy_pixel + panel * SNN_BLOCK_NUMBERS,
                .count = met.columns,
                .a_step = (size_t)width->step * x_pixel,
                .b_step = dy_pixel,
            };
            block_list_add(&list, run);
        }
    }
    // The first piece is added even without pixels: its sums are then zero.
    if (list.sum.run_count > 0 || is_first) block_list_flush(&list);
}

/// The tiles of the gradient: tap by tap in a panel.
static size_t gradient_tiles(const gradient_plan *plan) { return plan->panels * plan->packing.taps * plan->row_blocks; }

/// Adds a piece to the tiles [first, end).
static void add_tiles(
    const gradient_plan *plan, const gradient_piece *piece, bool is_first, size_t first, size_t end, float *sums) {
    const size_t panel_tiles = plan->packing.taps * plan->row_blocks;
    plan->blocks->begin();
    for (size_t i = first; i < end; i++) {
        const size_t in_panel = i % panel_tiles;
        add_tile(
            plan, piece, is_first, i / panel_tiles, in_panel / plan->row_blocks, in_panel % plan->row_blocks, sums);
    }
    plan->blocks->end();
}

static void add_chunk(const gradient_plan *plan, size_t chunk, uint16_t *copies) {
    const size_t first = plan->pieces.count * chunk / plan->chunks,
                 end = plan->pieces.count * (chunk + 1) / plan->chunks;
    for (size_t index = first; index < end; index++) {
        const gradient_piece piece = piece_at(plan, index, copies);
        copy_lines(plan, &piece, 0, piece_lines(&piece));
        add_tiles(plan, &piece, index == first, 0, gradient_tiles(plan), plan->sums + chunk * plan->sums_size);
    }
}

static void add_chunks(const gradient_plan *plan, size_t threads) {
    const size_t adders = snn_min(threads, snn_min(plan->chunks, (size_t)snn_most_threads()));
    SNN_PARALLEL_FOR_BY(
        adders, adder, chunk, plan->chunks, { add_chunk(plan, chunk, plan->copies + adder * plan->copy_size); });
}

static void add_shared_piece(const gradient_plan *plan, size_t index, size_t threads) {
    const gradient_piece piece = piece_at(plan, index, plan->copies);
    SNN_PARALLEL_PIECES(threads, thread, first, end, piece_lines(&piece), { copy_lines(plan, &piece, first, end); });
    SNN_PARALLEL_PIECES(threads, thread, first, end, gradient_tiles(plan),
        { add_tiles(plan, &piece, index == 0, first, end, plan->sums); });
}

static size_t sums_bytes(const gradient_plan *plan) {
    return snn_round_up(plan->chunks * plan->sums_size * sizeof(float), SNN_ALIGNMENT);
}

size_t conv_blocks_backward_weights_workspace_size(const snn_conv_shape *shape) {
    const gradient_plan plan = make_plan(shape);
    const size_t copies = snn_min(plan.chunks, (size_t)snn_most_threads());
    return sums_bytes(&plan) + copies * plan.copy_size * sizeof(uint16_t);
}

void conv_blocks_backward_weights(const snn_conv_shape *shape, const uint16_t *x, const uint16_t *dy, bool accumulate,
    float *dweights, void *workspace) {
    gradient_plan plan = make_plan(shape);
    plan.x = x;
    plan.dy = dy;
    plan.sums = workspace;
    plan.copies = (uint16_t *)((char *)workspace + sums_bytes(&plan));
    const size_t threads = (size_t)snn_threads_for_products(conv_products(shape));
    if (plan.chunks > 1) {
        add_chunks(&plan, threads);
    } else {
        for (size_t index = 0; index < plan.pieces.count; index++) add_shared_piece(&plan, index, threads);
    }
    conv_unpack_sums(&plan.packing, plan.chunks, plan.sums, accumulate, dweights);
}
