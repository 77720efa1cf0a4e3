#include "conv/blocks.h"

#include <string.h>

#include "conv/block_products.h"
#include "conv/block_sum.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

size_t conv_blocks_packed_size(const conv_packing *packing) {
    return conv_packing_panels(packing) * packing->taps * snn_ceil_div(packing->depth, SNN_BLOCK) * SNN_BLOCK_NUMBERS *
           sizeof(uint16_t);
}

/// Taps inside, so that the weights are read in their order.
static void pack_panel(const conv_packing *packing, const float *weights, size_t columns, uint16_t *panel) {
    const size_t depth_blocks = snn_ceil_div(packing->depth, SNN_BLOCK);
    if (columns < SNN_BLOCK || packing->depth % SNN_BLOCK != 0) {
        memset(panel, 0, packing->taps * depth_blocks * SNN_BLOCK_NUMBERS * sizeof(uint16_t));
    }
    for (size_t d = 0; d < packing->depth; d += 2) {
        const bool has_next = d + 1 < packing->depth;
        uint16_t *row = panel + (d / SNN_BLOCK) * SNN_BLOCK_NUMBERS + d % SNN_BLOCK * SNN_BLOCK;
        for (size_t tap = 0; tap < packing->taps; tap++, row += depth_blocks * SNN_BLOCK_NUMBERS) {
            const float *source = weights + d * packing->depth_stride + tap;
            for (size_t c = 0; c < columns; c++, source += packing->column_stride) {
                row[2 * c] = snn_bfloat16_bits(source[0]);
                row[2 * c + 1] = has_next ? snn_bfloat16_bits(source[packing->depth_stride]) : 0;
            }
        }
    }
}

void conv_blocks_pack(const conv_packing *packing, const float *weights, uint16_t *packed) {
    const size_t panels = conv_packing_panels(packing);
    const size_t panel_size = panels == 0 ? 0 : conv_blocks_packed_size(packing) / sizeof(uint16_t) / panels;
    SNN_PARALLEL_FOR(snn_threads_for(packing->taps * packing->depth * packing->columns), p, panels, {
        const size_t first = p * SNN_BLOCK, columns = snn_min(SNN_BLOCK, packing->columns - first);
        pack_panel(packing, weights + first * packing->column_stride, columns, packed + p * panel_size);
    });
}

typedef struct {
    const conv_geometry *geometry;
    const conv_block_operands *operands;
    block_sum_rules rules;
    size_t depth_blocks, panels;
    size_t images, columns;      ///< of the images and of a line: their product is the 32 rows of a block
    size_t lines;                ///< that are summed together, so that the weights of a panel serve many blocks
    size_t image_groups, parts;  ///< of the images, and of the lines of a group
    size_t workers;              ///< at most
    size_t kept_lines;           ///< of the source, copied to blocks
    ptrdiff_t first_column;      ///< of a copied line, which has those of the padding
    size_t step_columns;         ///< of a copied line that lie a step apart
    size_t depth_numbers;        ///< of a copied line, from one block of the depth to the next
    size_t line_numbers;         ///< of a copied line
    uint16_t *copies;            ///< those of every worker
} blocks_plan;

/// Blocks that the weights of a panel are read for, where there are as many.
enum { blocks_of_a_panel = 32 };

static size_t line_blocks(const conv_geometry *geometry, size_t images) {
    return snn_ceil_div(geometry->width.positions, SNN_BLOCK / images);
}

/// Images of a block: those that leave the fewest rows empty, and of equals the fewest that still give a panel enough
/// blocks, for neighbouring taps then read more of the same rows.
static size_t choose_images(const conv_geometry *geometry) {
    enum { fewest = 8 };
    size_t chosen = 0, fewest_blocks = 0;
    bool is_enough = false;
    for (size_t images = fewest; images <= SNN_BLOCK; images *= 2) {
        const size_t in_line = line_blocks(geometry, images);
        const size_t blocks = snn_ceil_div(geometry->batch, images) * in_line;
        if (chosen == 0 || blocks < fewest_blocks || (blocks == fewest_blocks && !is_enough)) {
            chosen = images;
            fewest_blocks = blocks;
            is_enough = in_line * geometry->height.positions >= blocks_of_a_panel;
        }
    }
    return chosen;
}

/// Parts that the lines of a group of images are cut into, so that the threads have equally much to do: what a part
/// copies, the next one copies in part again. The bits do not depend on it.
static size_t choose_parts(size_t image_groups, size_t lines) {
    const size_t threads = (size_t)snn_most_threads();
    if (image_groups >= 4 * threads) return 1;
    size_t parts = 1;
    while (image_groups * parts % threads != 0) parts++;
    return snn_max(1, snn_min(parts, lines));
}

static blocks_plan make_plan(const conv_geometry *geometry, const conv_block_operands *operands) {
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t images = choose_images(geometry);
    blocks_plan plan = {
        .geometry = geometry,
        .operands = operands,
        .depth_blocks = snn_ceil_div(geometry->depth, SNN_BLOCK),
        .panels = snn_ceil_div(geometry->columns, SNN_BLOCK),
        .images = images,
        .columns = SNN_BLOCK / images,
        .lines = snn_ceil_div(blocks_of_a_panel, snn_max(1, line_blocks(geometry, images))),
        .image_groups = snn_ceil_div(geometry->batch, images),
        .first_column = width->offset - (width->tap_offset < 0 ? (ptrdiff_t)conv_axis_reach(width) : 0),
    };
    plan.parts = choose_parts(plan.image_groups, height->positions);
    plan.lines = snn_max(1, snn_min(plan.lines, snn_ceil_div(height->positions, plan.parts)));
    plan.workers = snn_min((size_t)snn_most_threads(), plan.image_groups * plan.parts);
    plan.kept_lines = (plan.lines - 1) * (size_t)height->step + conv_axis_reach(height) + 1;
    plan.kept_lines = snn_min(height->source_size, plan.kept_lines);
    plan.step_columns = snn_round_up(width->positions, plan.columns) + conv_axis_reach(width) / (size_t)width->step;
    plan.depth_numbers = (size_t)width->step * plan.step_columns * images * SNN_BLOCK;
    plan.line_numbers = plan.depth_blocks * plan.depth_numbers;
    return plan;
}

size_t conv_blocks_workspace_size(const conv_geometry *geometry) {
    if (conv_is_block_product(geometry)) return 0;
    const blocks_plan plan = make_plan(geometry, NULL);
    return plan.workers * plan.kept_lines * plan.line_numbers * sizeof(uint16_t);
}

/// A worker's place: some lines of a group of images.
typedef struct {
    const blocks_plan *plan;
    size_t first_image, images;
    size_t next_line;  ///< of the source: those before it that are still needed are copied
    uint16_t *copies;  ///< line l at l % kept_lines: [block of the depth][column % step][column / step][image][depth]
} blocks_part;

static uint16_t *line_of(const blocks_part *part, size_t line) {
    return part->copies + line % part->plan->kept_lines * part->plan->line_numbers;
}

/// Numbers from the start of a copied line to one of its columns.
static size_t column_offset(const blocks_plan *plan, size_t column) {
    const size_t step = (size_t)plan->geometry->width.step;
    const size_t place = step == 1 ? column : column % step * plan->step_columns + column / step;
    return place * plan->images * SNN_BLOCK;
}

/// Copies `width` pixels of a line of an image, which start at column `first` of the copy.
static void copy_pixels(const blocks_plan *plan, size_t first, size_t width, const uint16_t *pixels, uint16_t *out) {
    const size_t step = (size_t)plan->geometry->width.step, channels = plan->geometry->source_channels;
    for (size_t phase = 0; phase < snn_min(step, width); phase++) {
        plan->rules.blocks->copy_rows(snn_ceil_div(width - phase, step), plan->geometry->depth,
            pixels + phase * channels, step * channels, out + column_offset(plan, first + phase),
            plan->images * SNN_BLOCK, plan->depth_numbers);
    }
}

/// Image by image, as they lie in memory: the columns that are copied, of those that are there.
static void copy_line(const blocks_part *part, size_t line) {
    const blocks_plan *plan = part->plan;
    const conv_axis *width = &plan->geometry->width;
    const size_t before = plan->first_column < 0 ? (size_t)-plan->first_column : 0;
    const size_t skipped = snn_min(width->source_size, plan->first_column > 0 ? (size_t)plan->first_column : 0);
    const size_t wanted = plan->step_columns * (size_t)width->step;
    const size_t columns = snn_min(width->source_size - skipped, wanted - snn_min(wanted, before));
    for (size_t i = 0; i < part->images; i++) {
        const size_t row = (part->first_image + i) * plan->geometry->height.source_size + line;
        const uint16_t *pixels =
            plan->operands->source + (row * width->source_size + skipped) * plan->geometry->source_channels;
        copy_pixels(plan, before, columns, pixels, line_of(part, line) + i * SNN_BLOCK);
    }
}

/// A block's rows, from column j of line i on, for one panel.
static snn_block_product target_of(const blocks_part *part, size_t i, size_t j, size_t panel) {
    const blocks_plan *plan = part->plan;
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t line = part->first_image * height->target_size + height->first_target + i * height->target_stride;
    const size_t pixel = line * width->target_size + width->first_target + j * width->target_stride;
    const size_t column = panel * SNN_BLOCK;
    return (snn_block_product){
        .groups = snn_min(plan->columns, width->positions - j),
        .group_rows = plan->images,
        .rows = part->images,
        .columns = snn_min(SNN_BLOCK, geometry->columns - column),
        .a_row = SNN_BLOCK,
        .next_a = plan->columns * plan->images * SNN_BLOCK,
        .narrow_c = plan->operands->target + pixel * geometry->target_channels + column,
        .c_group = width->target_stride * geometry->target_channels,
        .c_row = height->target_size * width->target_size * geometry->target_channels,
    };
}

/// The taps of the block's rows that meet no padding, and their weights.
static void add_taps(const blocks_part *part, size_t i, size_t j, size_t panel, block_list *list) {
    const blocks_plan *plan = part->plan;
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t tap_numbers = plan->depth_blocks * SNN_BLOCK_NUMBERS;
    const uint16_t *weights = plan->operands->packed + panel * geometry->kernel_taps * tap_numbers;
    size_t top, bottom, left = 0, right = width->taps;
    conv_axis_taps(height, i, &top, &bottom);
    // Columns that are alone meet padding by the same taps.
    if (plan->columns == 1) conv_axis_taps(width, j, &left, &right);
    for (size_t y = top; y < bottom; y++) {
        const uint16_t *source = line_of(part, (size_t)conv_axis_source(height, i, y));
        const size_t kernel_row = (height->first_tap + y * height->tap_stride) * geometry->kernel_width;
        for (size_t x = left; x < right; x++) {
            const size_t column = (size_t)(conv_axis_source(width, j, x) - plan->first_column);
            const size_t tap = kernel_row + width->first_tap + x * width->tap_stride;
            const snn_block_run run = {
                .a = source + column_offset(plan, column),
                .b = weights + tap * tap_numbers,
                .count = plan->depth_blocks,
                .a_step = plan->depth_numbers,
                .b_step = SNN_BLOCK_NUMBERS,
            };
            block_list_add(list, run);
        }
    }
}

static void sum_block(const blocks_part *part, size_t i, size_t j, size_t panel) {
    const snn_block_product target = target_of(part, i, j, panel);
    block_sum sum;
    block_sum_start(&sum, &part->plan->rules, &target, panel * SNN_BLOCK);
    add_taps(part, i, j, panel, &sum.list);
    block_sum_end(&sum);
}

/// Copies the lines from the first to the last that a line of targets reads, with those between that only others read.
static void copy_lines(blocks_part *part, size_t i) {
    const conv_axis *height = &part->plan->geometry->height;
    if (height->taps == 0) return;
    const ptrdiff_t one = conv_axis_source(height, i, 0), other = conv_axis_source(height, i, height->taps - 1);
    const ptrdiff_t first = one < other ? one : other, last = one < other ? other : one;
    const size_t end = last < 0 ? 0 : snn_min((size_t)last + 1, height->source_size);
    for (size_t line = snn_max(part->next_line, first < 0 ? 0 : (size_t)first); line < end; line++) {
        copy_line(part, line);
    }
    part->next_line = snn_max(part->next_line, end);
}

static void sum_lines(blocks_part *part, size_t first, size_t end) {
    const blocks_plan *plan = part->plan;
    for (size_t i = first; i < end; i++) copy_lines(part, i);
    plan->rules.blocks->begin();
    for (size_t panel = 0; panel < plan->panels; panel++) {
        for (size_t i = first; i < end; i++) {
            for (size_t j = 0; j < plan->geometry->width.positions; j += plan->columns) sum_block(part, i, j, panel);
        }
    }
    plan->rules.blocks->end();
}

static void sum_part(const blocks_plan *plan, size_t index, uint16_t *copies) {
    const size_t first_image = index / plan->parts * plan->images, positions = plan->geometry->height.positions;
    blocks_part part = {
        .plan = plan,
        .first_image = first_image,
        .images = snn_min(plan->images, plan->geometry->batch - first_image),
        .copies = copies,
    };
    const size_t p = index % plan->parts, end = positions * (p + 1) / plan->parts;
    for (size_t i = positions * p / plan->parts; i < end; i += plan->lines) {
        sum_lines(&part, i, snn_min(end, i + plan->lines));
    }
}

void conv_blocks(const conv_geometry *geometry, const conv_block_operands *operands, void *workspace) {
    if (conv_is_block_product(geometry)) {
        conv_block_products(geometry, operands);
        return;
    }
    blocks_plan plan = make_plan(geometry, operands);
    plan.rules = (block_sum_rules){
        .kernels = snn_kernels(),
        .blocks = snn_blocks(),
        .epilogue = operands->epilogue,
        .is_long = geometry->kernel_taps > BLOCK_LIST_SIZE,
    };
    plan.copies = workspace;
    const size_t parts = plan.image_groups * plan.parts;
    const size_t sums = geometry->batch * geometry->height.positions * geometry->width.positions * geometry->columns;
    const size_t products = sums * (geometry->height.taps * geometry->width.taps * geometry->depth + 16);
    const size_t workers = snn_min((size_t)snn_threads_for_products(products), plan.workers);
    const size_t numbers = plan.kept_lines * plan.line_numbers;
    // What is padding stays so.
    SNN_PARALLEL_FOR(
        workers, worker, workers, { memset(plan.copies + worker * numbers, 0, numbers * sizeof(uint16_t)); });
    SNN_PARALLEL_FOR_BY(workers, worker, part, parts, { sum_part(&plan, part, plan.copies + worker * numbers); });
}
