#include "conv/pixel_blocks.h"

#include "runtime/parallel.h"

/// Cuts `size` into even pieces of at most `most`; how many there are, of which none but the only one is empty.
static size_t cut_evenly(size_t size, size_t most, size_t *piece) {
    *piece = snn_even_piece(size, most);
    return snn_max(1, snn_ceil_div(size, *piece));
}

pixel_blocks pixel_blocks_of(const conv_geometry *geometry, size_t most) {
    pixel_blocks blocks;
    blocks.column_blocks = cut_evenly(geometry->width.positions, most, &blocks.columns);
    blocks.line_blocks = cut_evenly(geometry->height.positions, most / blocks.columns, &blocks.lines);
    const size_t image_blocks = cut_evenly(geometry->batch, most / (blocks.columns * blocks.lines), &blocks.images);
    blocks.count = image_blocks * blocks.line_blocks * blocks.column_blocks;
    return blocks;
}

pixel_block pixel_block_at(const conv_geometry *geometry, const pixel_blocks *blocks, size_t index) {
    const size_t column = index % blocks->column_blocks * blocks->columns;
    const size_t line = index / blocks->column_blocks % blocks->line_blocks * blocks->lines;
    const size_t image = index / blocks->column_blocks / blocks->line_blocks * blocks->images;
    return (pixel_block){
        .first_image = image,
        .images = snn_min(blocks->images, geometry->batch - image),
        .first_line = line,
        .end_line = snn_min(line + blocks->lines, geometry->height.positions),
        .first_column = column,
        .end_column = snn_min(column + blocks->columns, geometry->width.positions),
    };
}

tap_pixels pixel_block_tap(const conv_geometry *geometry, const pixel_block *block, size_t tap) {
    size_t first_line, end_line, first_column, end_column;
    conv_axis_range(&geometry->height, tap / geometry->width.taps, &first_line, &end_line);
    conv_axis_range(&geometry->width, tap % geometry->width.taps, &first_column, &end_column);
    first_line = snn_max(first_line, block->first_line);
    end_line = snn_min(end_line, block->end_line);
    first_column = snn_max(first_column, block->first_column);
    end_column = snn_min(end_column, block->end_column);
    if (block->images == 0 || first_line >= end_line || first_column >= end_column) return (tap_pixels){0};
    return (tap_pixels){
        .images = block->images,
        .first_line = first_line,
        .lines = end_line - first_line,
        .first_column = first_column,
        .columns = end_column - first_column,
    };
}
