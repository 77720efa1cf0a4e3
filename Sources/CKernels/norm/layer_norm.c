// The layer norm drivers: every row by itself; the parameters' gradients as column sums over chunks of rows.
#include "norm/reduce.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/norm.h"

void snn_layer_norm_forward(const snn_norm_shape *shape, const float *x, const float *scale, const float *shift,
    float *mean, float *inverse_deviation, float *y) {
    const size_t channels = shape->channels;
    if (channels == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_FOR(snn_threads_for(8 * shape->rows * channels), row, shape->rows, {
        float *out = y + row * channels;
        kernels->layer_norm_forward_row(
            shape, x + row * channels, scale, shift, mean + row, inverse_deviation + row, out);
        if (shape->numbers == SNN_ROUNDED) kernels->round_to_bfloat16(channels, out, out);
    });
}

/// Rows that share partial sums.
static size_t chunk_rows(size_t rows) { return snn_min(snn_round_up(snn_max(snn_ceil_div(rows, 64), 1), 8), 64); }

size_t snn_layer_norm_workspace_size(const snn_norm_shape *shape) {
    return snn_ceil_div(shape->rows, chunk_rows(shape->rows)) * 2 * shape->channels * sizeof(float);
}

/// One backward call.
typedef struct {
    const snn_kernel_table *kernels;
    const snn_norm_shape *shape;
    const float *x, *dy, *scale, *mean, *inverse_deviation;
    float *dx;
    float *sums, *products;  ///< of each chunk, or NULL where the parameters' gradients are not wanted
} layer_norm_job;

/// Eight rows at a time, so that they are still in the cache when they are read again.
static void chunk_backward(const layer_norm_job *job, size_t chunk, size_t first_row, size_t end_row) {
    const size_t channels = job->shape->channels;
    for (size_t row = first_row; row < end_row; row += 8) {
        const size_t at = row * channels;
        const snn_norm_tile tile = {
            .rows = snn_min(8, end_row - row), .channels = channels, .stride = channels, .x = job->x + at};
        if (job->sums != NULL) {
            job->kernels->layer_norm_parameter_sums(&tile, job->dy + at, job->mean + row, job->inverse_deviation + row,
                row > first_row, job->sums + chunk * channels, job->products + chunk * channels);
        }
        for (size_t i = 0; job->dx != NULL && i < tile.rows; i++) {
            const size_t start = at + i * channels;
            float *dx = job->dx + start;
            job->kernels->layer_norm_backward_row(channels, job->x + start, job->dy + start, job->scale,
                job->mean[row + i], job->inverse_deviation[row + i], dx);
            if (job->shape->numbers == SNN_ROUNDED) job->kernels->round_to_bfloat16(channels, dx, dx);
        }
    }
}

void snn_layer_norm_backward(const snn_norm_shape *shape, const float *x, const float *dy, const float *scale,
    const float *mean, const float *inverse_deviation, bool accumulate, float *dx, float *dscale, float *dshift,
    void *workspace) {
    const size_t rows = shape->rows, channels = shape->channels;
    if (rows == 0) {
        snn_write_empty_gradients(channels, accumulate, dscale, dshift);
        return;
    }
    const size_t chunk = chunk_rows(rows), chunks = snn_ceil_div(rows, chunk);
    const bool parameters = dscale != NULL || dshift != NULL;
    float *sums = workspace;
    const layer_norm_job job = {.kernels = snn_kernels(),
        .shape = shape,
        .x = x,
        .dy = dy,
        .scale = scale,
        .mean = mean,
        .inverse_deviation = inverse_deviation,
        .dx = dx,
        .sums = parameters ? sums : NULL,
        .products = parameters ? sums + chunks * channels : NULL};
    SNN_PARALLEL_FOR(snn_threads_for(8 * rows * channels), i, chunks,
        { chunk_backward(&job, i, i * chunk, snn_min((i + 1) * chunk, rows)); });
    if (!parameters) return;
    SNN_PARALLEL_STEPS(snn_threads_for(4 * chunks * channels), first, channels, SNN_REDUCE_COLUMNS, {
        const size_t count = snn_min(SNN_REDUCE_COLUMNS, channels - first);
        double totals[SNN_REDUCE_COLUMNS];
        snn_reduce_chunks(chunks, channels, first, count, job.sums, totals);
        snn_write_gradient(count, totals, accumulate, dshift == NULL ? NULL : dshift + first);
        snn_reduce_chunks(chunks, channels, first, count, job.products, totals);
        snn_write_gradient(count, totals, accumulate, dscale == NULL ? NULL : dscale + first);
    });
}
