#include "conv/gradient_operand.h"

#include "runtime/parallel.h"

static size_t lattice_positions(const conv_axis *axis, const lattice_axis *lattice, size_t positions) {
    if (positions == 0 || axis->taps == 0) return 0;
    return (positions - 1) * lattice->phases + (axis->taps - 1) * lattice->tap_step + 1;
}

/// Every pixel, or, with a single tap, no more than it reads.
static lattice_axis lattice_of(const conv_axis *axis, size_t positions) {
    const size_t step = (size_t)axis->step;
    lattice_axis lattice = {
        .step = axis->taps > 1 ? 1 : step,
        .phases = axis->taps > 1 ? step : 1,
        .tap_step = (size_t)axis->tap_offset,
    };
    lattice.length = snn_ceil_div(lattice_positions(axis, &lattice, positions), lattice.phases);
    return lattice;
}

static size_t lattice_size(const lattice_axis *lattice) { return lattice->phases * lattice->length; }

/// Where a position of the lattice lies in the order of phases; without division where there is but one.
static size_t lattice_place(const lattice_axis *lattice, size_t position) {
    if (lattice->phases == 1) return position;
    return position % lattice->phases * lattice->length + position / lattice->phases;
}

void gradient_operand_plan(gradient_operand *operand, const pixel_blocks *blocks) {
    operand->lines = lattice_of(&operand->height, blocks->lines);
    operand->columns = lattice_of(&operand->width, blocks->columns);
    const size_t pixels = blocks->images * lattice_size(&operand->lines) * lattice_size(&operand->columns);
    operand->part_size = pixels * operand->part_channels;
    operand->copy_size = operand->in_place ? 0 : operand->groups * operand->group_parts * operand->part_size;
}

channel_part gradient_operand_part(const gradient_operand *operand, size_t group, size_t index) {
    const size_t first = index * operand->part_channels;
    return (channel_part){group, index, first, snn_min(operand->part_channels, operand->group_channels - first)};
}

/// Floats of one pixel of a copied part: tiles have no more than their rows.
static size_t copied_width(const gradient_operand *operand, const channel_part *part) {
    return operand->panels ? operand->part_channels : part->count;
}

/// Where the copy of a part starts.
static size_t part_place(const gradient_operand *operand, const channel_part *part) {
    return (part->group * operand->group_parts + part->index) * operand->part_size;
}

/// Floats from one image to the next.
static size_t image_size(const gradient_operand *operand) {
    return operand->height.source_size * operand->width.source_size * operand->channels;
}

static const float *pixel_at(const gradient_operand *operand, size_t image, size_t row, size_t column) {
    const size_t pixel = row * operand->width.source_size + column;
    return operand->numbers + image * image_size(operand) + pixel * operand->channels;
}

/// Pixels to be copied: `count` of them, `stride` floats apart, to lie behind one another from `place` on.
typedef struct {
    const float *first;
    size_t count, stride, place;
} pixel_run;

static void copy_run(
    const gradient_operand *operand, const snn_kernel_table *kernels, const pixel_run *run, float *copy) {
    for (size_t group = 0; group < operand->groups; group++) {
        for (size_t index = 0; index < operand->group_parts; index++) {
            const channel_part part = gradient_operand_part(operand, group, index);
            const float *first = run->first + group * operand->group_step + part.first;
            float *out = copy + part_place(operand, &part) + run->place * copied_width(operand, &part);
            if (operand->panels) {
                kernels->panel_copy(run->count, part.count, first, run->stride, out);
            } else {
                kernels->copy_rows(run->count, part.count, first, run->stride, out);
            }
        }
    }
}

/// Copies a line of the lattice, which is `row` of the source, of all images of a block.
static void copy_line_of_images(const gradient_operand *operand, const snn_kernel_table *kernels,
    const pixel_block *block, const conv_axis *columns, size_t row, size_t line_place, float *copy) {
    size_t first, end;
    conv_axis_range(columns, 0, &first, &end);
    for (size_t column = first; column < end; column++) {
        const size_t place = line_place * lattice_size(&operand->columns) + lattice_place(&operand->columns, column);
        const pixel_run run = {
            .first = pixel_at(operand, block->first_image, row, (size_t)conv_axis_source(columns, column, 0)),
            .count = block->images,
            .stride = image_size(operand),
            .place = place * block->images,
        };
        copy_run(operand, kernels, &run, copy);
    }
}

/// Copies a line of the lattice of one image, phase by phase.
static void copy_line_of_image(const gradient_operand *operand, const snn_kernel_table *kernels, size_t image,
    const conv_axis *columns, size_t row, size_t line_place, float *copy) {
    const lattice_axis *lattice = &operand->columns;
    size_t first, end;
    conv_axis_range(columns, 0, &first, &end);
    for (size_t column = first; column < snn_min(first + lattice->phases, end); column++) {
        const pixel_run run = {
            .first = pixel_at(operand, image, row, (size_t)conv_axis_source(columns, column, 0)),
            .count = snn_ceil_div(end - column, lattice->phases),
            .stride = lattice->phases * lattice->step * operand->channels,
            .place = line_place * lattice_size(lattice) + lattice_place(lattice, column),
        };
        copy_run(operand, kernels, &run, copy);
    }
}

/// The lattice of a block along one axis, as the positions of a single tap.
static conv_axis block_lattice(const conv_axis *axis, const lattice_axis *lattice, size_t first, size_t end) {
    return (conv_axis){
        .positions = lattice_positions(axis, lattice, end - first),
        .step = (ptrdiff_t)lattice->step,
        .offset = conv_axis_source(axis, first, 0),
        .source_size = axis->source_size,
    };
}

void gradient_operand_copy(const gradient_operand *operand, const snn_kernel_table *kernels, const pixel_block *block,
    size_t share, size_t shares, float *copy) {
    if (operand->in_place) return;
    const conv_axis lines = block_lattice(&operand->height, &operand->lines, block->first_line, block->end_line);
    const conv_axis columns = block_lattice(&operand->width, &operand->columns, block->first_column, block->end_column);
    const size_t all = lines.positions * (operand->images_inside ? 1 : block->images);
    for (size_t i = all * share / shares; i < all * (share + 1) / shares; i++) {
        const size_t image = i / lines.positions, line = i % lines.positions;
        if (!conv_axis_is_inside(&lines, line, 0)) continue;
        const size_t row = (size_t)conv_axis_source(&lines, line, 0), place = lattice_place(&operand->lines, line);
        if (operand->images_inside) {
            copy_line_of_images(operand, kernels, block, &columns, row, place, copy);
        } else {
            copy_line_of_image(operand, kernels, block->first_image + image, &columns, row,
                image * lattice_size(&operand->lines) + place, copy);
        }
    }
}

number_range gradient_operand_range(const gradient_operand *operand, const pixel_block *block) {
    const bool whole_lines = block->first_column == 0 && block->end_column == operand->width.positions;
    if (!whole_lines || operand->lines.step > 1 || operand->columns.step > 1) return (number_range){0};
    const conv_axis lines = block_lattice(&operand->height, &operand->lines, block->first_line, block->end_line);
    size_t first, end;
    conv_axis_range(&lines, 0, &first, &end);
    if (block->images == 0 || first == end) return (number_range){0};
    const size_t rows = (block->images - 1) * lines.source_size + end - first;
    return (number_range){
        .first = pixel_at(operand, block->first_image, (size_t)conv_axis_source(&lines, first, 0), 0),
        .count = rows * operand->width.source_size * operand->channels,
    };
}

static pixel_grid grid_in_place(const gradient_operand *operand, const pixel_block *block, const tap_pixels *met,
    size_t i, size_t j, const channel_part *part) {
    const size_t row = (size_t)conv_axis_source(&operand->height, met->first_line, i);
    const size_t column = (size_t)conv_axis_source(&operand->width, met->first_column, j);
    const float *pixel = pixel_at(operand, block->first_image, row, column);
    return (pixel_grid){
        .first = pixel + part->group * operand->group_step + part->first,
        .steps = {image_size(operand), (size_t)operand->height.step * operand->width.source_size * operand->channels,
            (size_t)operand->width.step * operand->channels},
    };
}

pixel_grid gradient_operand_grid(const gradient_operand *operand, const pixel_block *block, const tap_pixels *met,
    size_t i, size_t j, const channel_part *part, const float *copy) {
    if (operand->in_place) return grid_in_place(operand, block, met, i, j, part);
    const lattice_axis *lines = &operand->lines, *columns = &operand->columns;
    const size_t line = lattice_place(lines, i * lines->tap_step) + met->first_line - block->first_line;
    const size_t column = lattice_place(columns, j * columns->tap_step) + met->first_column - block->first_column;
    const size_t number = copied_width(operand, part), size = lattice_size(columns);
    const size_t pixel = operand->images_inside ? block->images * number : number;
    pixel_grid grid = {
        .first = copy + part_place(operand, part) + (line * size + column) * pixel,
        .steps = {lattice_size(lines) * size * pixel, size * pixel, pixel},
    };
    if (operand->images_inside) {
        grid.steps[0] = size * pixel;
        grid.steps[1] = pixel;
        grid.steps[2] = number;
    }
    return grid;
}
