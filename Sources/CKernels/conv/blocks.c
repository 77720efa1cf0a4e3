#include "conv/blocks.h"

#include <string.h>

#include "conv/block_list.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

/// Fewer channels or images would leave most of a block empty.
enum { fewest_channels = 16, fewest_images = 16 };

bool conv_uses_blocks(const snn_conv_shape *shape) {
    const snn_block_kernels *blocks = snn_blocks();
    if (!shape->bfloat16 || blocks == NULL || shape->groups != 1 || conv_is_folded(shape)) return false;
    if (shape->batch < fewest_images) return false;
    if (snn_min(shape->in_channels, shape->out_channels) < fewest_channels) return false;
    return blocks->in_matrix_unit || !conv_suits_winograd(shape);
}

size_t conv_blocks_packed_size(const conv_packing *packing) {
    return conv_packing_panels(packing) * packing->taps * snn_ceil_div(packing->depth, SNN_BLOCK) * SNN_BLOCK_NUMBERS *
           sizeof(uint16_t);
}

/// The upper halves of two numbers next to each other.
static void put_pair(const float *first, const float *second, uint16_t *out) {
    memcpy(out, (const char *)first + 2, 2);
    memcpy(out + 1, (const char *)second + 2, 2);
}

/// Taps inside, so that the weights are read in their order.
static void pack_panel(const conv_packing *packing, const float *weights, size_t columns, uint16_t *panel) {
    const size_t depth_blocks = snn_ceil_div(packing->depth, SNN_BLOCK);
    const float zero = 0;
    if (columns < SNN_BLOCK || packing->depth % SNN_BLOCK != 0) {
        memset(panel, 0, packing->taps * depth_blocks * SNN_BLOCK_NUMBERS * sizeof(uint16_t));
    }
    for (size_t d = 0; d < packing->depth; d += 2) {
        const bool has_next = d + 1 < packing->depth;
        uint16_t *row = panel + (d / SNN_BLOCK) * SNN_BLOCK_NUMBERS + d % SNN_BLOCK * SNN_BLOCK;
        for (size_t tap = 0; tap < packing->taps; tap++, row += depth_blocks * SNN_BLOCK_NUMBERS) {
            const float *source = weights + d * packing->depth_stride + tap;
            for (size_t c = 0; c < columns; c++, source += packing->column_stride) {
                put_pair(source, has_next ? source + packing->depth_stride : &zero, row + 2 * c);
            }
        }
    }
}

void conv_blocks_pack(const conv_packing *packing, const float *weights, uint16_t *packed) {
    const size_t panels = conv_packing_panels(packing);
    const size_t panel_size = panels == 0 ? 0 : conv_blocks_packed_size(packing) / sizeof(uint16_t) / panels;
    SNN_PARALLEL_FOR(
        snn_threads_for(packing->taps * packing->depth * packing->columns), for (size_t p = 0; p < panels; p++) {
            const size_t first = p * SNN_BLOCK, columns = snn_min(SNN_BLOCK, packing->columns - first);
            pack_panel(packing, weights + first * packing->column_stride, columns, packed + p * panel_size);
        });
}

typedef struct {
    const conv_geometry *geometry;
    const conv_operands *operands;
    const snn_kernel_table *kernels;
    const snn_block_kernels *blocks;
    size_t depth_blocks, panels;
    size_t image_groups, parts;  ///< of the images, and of the lines of one
    size_t workers;              ///< at most
    size_t kept_lines;           ///< of the source, as blocks
    size_t line_numbers;         ///< of one of them
    uint16_t *lines;             ///< those of every worker
} blocks_plan;

/// Parts that the lines of a group of images are cut into, so that the threads have equally much to do: what a part
/// copies, the next one copies in part again. The bits do not depend on it.
static size_t choose_parts(size_t image_groups, size_t lines) {
    const size_t threads = (size_t)snn_most_threads();
    if (image_groups >= 4 * threads) return 1;
    size_t parts = 1;
    while (image_groups * parts % threads != 0) parts++;
    return snn_max(1, snn_min(parts, lines));
}

static blocks_plan make_plan(const conv_geometry *geometry, const conv_operands *operands) {
    const conv_axis *height = &geometry->height;
    const size_t tap_step = (size_t)(height->tap_offset < 0 ? -height->tap_offset : height->tap_offset);
    blocks_plan plan = {
        .geometry = geometry,
        .operands = operands,
        .kernels = snn_kernels(),
        .blocks = snn_blocks(),
        .depth_blocks = snn_ceil_div(geometry->depth, SNN_BLOCK),
        .panels = snn_ceil_div(geometry->columns, SNN_BLOCK),
        .image_groups = snn_ceil_div(geometry->batch, SNN_BLOCK),
        .kept_lines = snn_min(height->source_size, (snn_max(height->taps, 1) - 1) * tap_step + 1),
    };
    plan.parts = choose_parts(plan.image_groups, height->positions);
    plan.workers = snn_min((size_t)snn_most_threads(), plan.image_groups * plan.parts);
    plan.line_numbers = geometry->width.source_size * plan.depth_blocks * SNN_BLOCK_NUMBERS;
    return plan;
}

size_t conv_blocks_workspace_size(const conv_geometry *geometry) {
    const blocks_plan plan = make_plan(geometry, NULL);
    return plan.workers * plan.kept_lines * plan.line_numbers * sizeof(uint16_t);
}

/// A worker's place: some lines of a group of images.
typedef struct {
    const blocks_plan *plan;
    size_t first_image, images;
    size_t next_line;  ///< of the source: those before it that are still needed are copied
    uint16_t *lines;   ///< line l at l % kept_lines: [column][block of the depth]
} blocks_part;

static uint16_t *line_of(const blocks_part *part, size_t line) {
    return part->lines + line % part->plan->kept_lines * part->plan->line_numbers;
}

/// Image by image, as they lie in memory.
static void copy_line(const blocks_part *part, size_t line) {
    const blocks_plan *plan = part->plan;
    const conv_geometry *geometry = plan->geometry;
    const size_t width = geometry->width.source_size, channels = geometry->source_channels;
    for (size_t i = 0; i < part->images; i++) {
        const size_t row = (part->first_image + i) * geometry->height.source_size + line;
        plan->blocks->copy_rows(width, geometry->depth, plan->operands->source + row * width * channels, channels,
            line_of(part, line) + i * SNN_BLOCK, plan->depth_blocks * SNN_BLOCK_NUMBERS, SNN_BLOCK_NUMBERS);
    }
}

/// One pixel of all images, for one panel of columns.
static void sum_pixel(const blocks_part *part, size_t i, size_t j, size_t panel) {
    const blocks_plan *plan = part->plan;
    const conv_geometry *geometry = plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t tap_numbers = plan->depth_blocks * SNN_BLOCK_NUMBERS, column = panel * SNN_BLOCK;
    const uint16_t *weights = (const uint16_t *)plan->operands->packed + panel * geometry->kernel_taps * tap_numbers;
    const size_t line = part->first_image * height->target_size + height->first_target + i * height->target_stride;
    const size_t pixel = line * width->target_size + width->first_target + j * width->target_stride;
    const snn_epilogue *epilogue = plan->operands->epilogue;
    const snn_block_product sum = {
        .rows = part->images,
        .columns = snn_min(SNN_BLOCK, geometry->columns - column),
        .c = plan->operands->target + pixel * geometry->target_channels + column,
        .c_row = height->target_size * width->target_size * geometry->target_channels,
        .alpha = 1,
        .bias = epilogue != NULL && epilogue->bias != NULL ? epilogue->bias + column : NULL,
    };
    block_list list;
    block_list_start(&list, plan->blocks, sum);
    size_t top, bottom, left, right;
    conv_axis_taps(height, i, &top, &bottom);
    conv_axis_taps(width, j, &left, &right);
    for (size_t y = top; y < bottom; y++) {
        const uint16_t *source = line_of(part, (size_t)conv_axis_source(height, i, y));
        const size_t kernel_row = (height->first_tap + y * height->tap_stride) * geometry->kernel_width;
        for (size_t x = left; x < right; x++) {
            const uint16_t *a = source + (size_t)conv_axis_source(width, j, x) * tap_numbers;
            const uint16_t *b = weights + (kernel_row + width->first_tap + x * width->tap_stride) * tap_numbers;
            for (size_t block = 0; block < tap_numbers; block += SNN_BLOCK_NUMBERS) {
                block_list_add(&list, a + block, b + block);
            }
        }
    }
    // Even without taps: then the target is the bias.
    block_list_flush(&list);
}

/// In place, while the line is in cache: of the forward pass, the only one with an activation, whose lines are whole.
static void activate(const blocks_part *part, size_t i) {
    const conv_geometry *geometry = part->plan->geometry;
    const snn_epilogue *epilogue = part->plan->operands->epilogue;
    if (epilogue == NULL || epilogue->activation.kind == SNN_IDENTITY) return;
    const size_t count = geometry->width.positions * geometry->target_channels;
    for (size_t image = part->first_image; image < part->first_image + part->images; image++) {
        float *line = part->plan->operands->target + (image * geometry->height.positions + i) * count;
        part->plan->kernels->activation_forward(epilogue->activation, count, line, line);
    }
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

static void sum_line(blocks_part *part, size_t i) {
    copy_lines(part, i);
    for (size_t panel = 0; panel < part->plan->panels; panel++) {
        for (size_t j = 0; j < part->plan->geometry->width.positions; j++) sum_pixel(part, i, j, panel);
    }
    activate(part, i);
}

static void sum_part(const blocks_plan *plan, size_t index, size_t worker) {
    const size_t first_image = index / plan->parts * SNN_BLOCK, positions = plan->geometry->height.positions;
    blocks_part part = {
        .plan = plan,
        .first_image = first_image,
        .images = snn_min(SNN_BLOCK, plan->geometry->batch - first_image),
        .lines = plan->lines + worker * plan->kept_lines * plan->line_numbers,
    };
    const size_t p = index % plan->parts, end = positions * (p + 1) / plan->parts;
    for (size_t i = positions * p / plan->parts; i < end; i++) sum_line(&part, i);
}

void conv_blocks(const conv_geometry *geometry, const conv_operands *operands, void *workspace) {
    blocks_plan plan = make_plan(geometry, operands);
    plan.lines = workspace;
    const size_t parts = plan.image_groups * plan.parts;
    const size_t sums = geometry->batch * geometry->height.positions * geometry->width.positions * geometry->columns;
    const size_t products = sums * (geometry->height.taps * geometry->width.taps * geometry->depth + 16);
    const size_t workers = snn_min((size_t)snn_threads_for_products(products), plan.workers);
    SNN_PARALLEL_FOR((int)workers, for (size_t worker = 0; worker < workers; worker++) {
        const size_t end = parts * (worker + 1) / workers;
        for (size_t part = parts * worker / workers; part < end; part++) sum_part(&plan, part, worker);
    });
}
