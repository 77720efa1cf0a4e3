// Batches of uint8 images, gathered and normalised in one pass, and what they are normalised by.
#include "swiftnn/image.h"

#include "image/factor_pattern.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

void snn_images_to_float(size_t batch, size_t pixels, size_t channels, const uint8_t *images, const int32_t *indices,
    const float *scale, const float *shift, float *out) {
    const size_t image = pixels * channels;
    if (image == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    factor_pattern pattern;
    make_pattern(channels, scale, shift, &pattern);
    // Large images are shared out in pieces of whole periods.
    const size_t piece = snn_round_up(SNN_SPAN, pattern.period), pieces = snn_ceil_div(image, piece);
    SNN_PARALLEL_2D(snn_threads_for(batch * image), b, batch, p, pieces, {
        const uint8_t *in = images + (size_t)indices[b] * image + p * piece;
        kernels->bytes_to_float(snn_min(piece, image - p * piece), pattern.period, in, pattern.scale, pattern.shift,
            out + b * image + p * piece);
    });
}

/// Of bytes that are added up in 32 bits: columns at a time, and rows.
enum { sum_columns = 512, sum_rows = 4096 };

/// Adds up a block of at most sum_rows rows and sum_columns columns, of which the first one is `first`.
static void add_block(const snn_kernel_table *kernels, size_t rows, size_t columns, const uint8_t *x, size_t x_row,
    size_t first, size_t channels, uint64_t *sums, uint64_t *squares) {
    uint32_t column_sums[sum_columns] = {0}, column_squares[sum_columns] = {0};
    kernels->byte_sums(rows, columns, x + first, x_row, column_sums, column_squares);
    for (size_t i = 0; i < columns; i++) {
        // Whole numbers: the order does not matter.
        __atomic_fetch_add(&sums[(first + i) % channels], column_sums[i], __ATOMIC_RELAXED);
        __atomic_fetch_add(&squares[(first + i) % channels], column_squares[i], __ATOMIC_RELAXED);
    }
}

void snn_channel_sums(size_t pixels, size_t channels, const uint8_t *x, uint64_t *sums, uint64_t *squares) {
    for (size_t c = 0; c < channels; c++) sums[c] = squares[c] = 0;
    const size_t count = pixels * channels;
    if (count == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    // Rows of several pixels where they have few channels; the last row may be shorter.
    const size_t row = channels * snn_max(sum_columns / channels, 1), rows = count / row;
    const size_t column_blocks = snn_ceil_div(row, sum_columns), row_blocks = snn_ceil_div(rows, sum_rows);
    SNN_PARALLEL_2D(snn_threads_for(count / 4), r, row_blocks, c, column_blocks, {
        const size_t first_row = r * sum_rows, first = c * sum_columns;
        add_block(kernels, snn_min(sum_rows, rows - first_row), snn_min(sum_columns, row - first), x + first_row * row,
            row, first, channels, sums, squares);
    });
    // Whole pixels, so at most a row of several.
    add_block(kernels, 1, count - rows * row, x + rows * row, row, 0, channels, sums, squares);
}

void snn_gather_labels(size_t batch, const int32_t *labels, const int32_t *indices, int32_t *out) {
    for (size_t b = 0; b < batch; b++) out[b] = labels[indices[b]];
}
