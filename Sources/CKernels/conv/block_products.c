// Convolutions of one tap that meets every pixel: a matrix product, whose rows of A are the pixels' channels where they
// lie.
#include "conv/block_products.h"

#include "conv/block_sum.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

static bool is_whole_axis(const conv_axis *axis) {
    return axis->taps == 1 && axis->step == 1 && axis->offset == 0 && axis->positions == axis->source_size &&
           axis->positions == axis->target_size;
}

static size_t pixels_of(const conv_geometry *geometry) {
    return geometry->batch * geometry->height.positions * geometry->width.positions;
}

static size_t row_blocks(const conv_geometry *geometry) { return pixels_of(geometry) / SNN_BLOCK; }

bool conv_is_block_product(const conv_geometry *geometry) {
    if (geometry->kernel_taps != 1 || !is_whole_axis(&geometry->height) || !is_whole_axis(&geometry->width)) {
        return false;
    }
    // Rows of a block that are further apart push one another out of the first-level cache.
    const bool are_near = SNN_BLOCK * geometry->source_channels * sizeof(uint16_t) <= snn_l1_cache_size();
    return pixels_of(geometry) % SNN_BLOCK == 0 && geometry->depth % SNN_BLOCK == 0 && are_near;
}

/// Blocks of rows that stay in the second-level cache while the panels of the weights pass through the first, but no
/// more than leave every thread several pieces.
static size_t piece_blocks(const conv_geometry *geometry) {
    const size_t block_bytes = SNN_BLOCK * geometry->depth * sizeof(uint16_t);
    const size_t fitting = snn_l2_cache_size() / 4 / block_bytes;
    return snn_max(1, snn_min(fitting, snn_ceil_div(row_blocks(geometry), 4 * (size_t)snn_most_threads())));
}

static void write_block(const conv_geometry *geometry, const conv_block_operands *operands,
    const block_sum_rules *rules, size_t row, size_t panel) {
    const size_t count = geometry->depth / SNN_BLOCK, column = panel * SNN_BLOCK;
    const snn_block_product target = {
        .groups = 1,
        .group_rows = SNN_BLOCK,
        .rows = SNN_BLOCK,
        .columns = snn_min(SNN_BLOCK, geometry->columns - column),
        .a_row = geometry->source_channels,
        .next_a = SNN_BLOCK * geometry->source_channels,
        .narrow_c = operands->target + row * geometry->target_channels + column,
        .c_row = geometry->target_channels,
    };
    const snn_block_run run = {
        .a = operands->source + row * geometry->source_channels,
        .b = operands->packed + panel * count * SNN_BLOCK_NUMBERS,
        .count = count,
        .a_step = SNN_BLOCK,
        .b_step = SNN_BLOCK_NUMBERS,
    };
    block_sum sum;
    block_sum_start(&sum, rules, &target, column);
    block_list_add(&sum.list, run);
    block_sum_end(&sum);
}

/// The blocks [first, end) of rows.
static void write_rows(const conv_geometry *geometry, const conv_block_operands *operands, const block_sum_rules *rules,
    size_t first, size_t end) {
    rules->blocks->begin();
    for (size_t panel = 0; panel < snn_ceil_div(geometry->columns, SNN_BLOCK); panel++) {
        for (size_t block = first; block < end; block++) {
            write_block(geometry, operands, rules, block * SNN_BLOCK, panel);
        }
    }
    rules->blocks->end();
}

void conv_block_products(const conv_geometry *geometry, const conv_block_operands *operands) {
    const block_sum_rules rules = {.kernels = snn_kernels(), .blocks = snn_blocks(), .epilogue = operands->epilogue};
    const size_t blocks = row_blocks(geometry), piece = piece_blocks(geometry);
    const size_t products = blocks * SNN_BLOCK * geometry->depth * geometry->columns;
    SNN_PARALLEL_FOR(snn_threads_for_products(products), i, snn_ceil_div(blocks, piece),
        { write_rows(geometry, operands, &rules, i * piece, snn_min(blocks, (i + 1) * piece)); });
}
