// The forward pass of batch norm. These kernels wait for memory, so passes over the tensors are what counts: training
// reads x twice and writes y once; with given statistics each tensor is passed once. The activation is applied to
// blocks of rows in the cache. Such blocks of tensors at 16 bits are widened for it, and narrowed again.
#include "norm/norm_job.h"
#include "norm/reduce.h"
#include "swiftnn/norm.h"

/// Floats at one place, activated and then brought to the tensor's format.
static void activate(const norm_job *job, const snn_norm_tile *tile, const snn_norm_target *floats, void *out) {
    const norm_lines lines = norm_lines_of(tile, floats->stride);
    for (size_t i = 0; i < lines.count; i++) {
        float *line = (float *)floats->numbers + i * floats->stride;
        job->kernels->activation_forward(job->activation, lines.numbers, line, line);
    }
    if (norm_is_narrow(job)) norm_narrow_rows(job, tile, floats->numbers, out);
    if (job->numbers == SNN_ROUNDED) norm_round_rows(job, tile, floats);
}

/// y = activation((x - center) * factor + offset + addend).
static void normalise(
    const norm_job *job, const void *x, const void *addend, const snn_norm_coefficients *all, void *y) {
    const bool relu = job->activation.kind == SNN_RELU, fused = norm_is_fused(job->activation);
    SNN_PARALLEL_FOR(job->threads, i, job->chunks * job->blocks, {
        const norm_item item = norm_item_at(job, i);
        const snn_norm_coefficients coefficients = norm_coefficients_from(all, item.first_channel);
        const size_t step = norm_tile_rows(&item);
        float scratch[NORM_LARGEST_TILE];
        for (size_t row = item.first_row; row < item.end_row; row += step) {
            const size_t at = row * job->stride + item.first_channel;
            snn_norm_tile tile = norm_tile_at(job, &item, row, step, x);
            tile.addend = norm_number_at(job, addend, at);
            void *out = norm_number_at(job, y, at);
            const snn_norm_target place = {tile.stride, job->numbers, out};
            const snn_norm_target target = fused ? place : norm_floats_at(job, &tile, out, scratch);
            job->kernels->norm_forward(&tile, &coefficients, relu, &target);
            if (!fused) activate(job, &tile, &target, out);
        }
    });
}

static void sum_statistics(const norm_job *job, const void *x, const norm_partial_sums *partial) {
    SNN_PARALLEL_FOR(job->threads, i, job->chunks * job->blocks, {
        const norm_item item = norm_item_at(job, i);
        const size_t step = norm_tile_rows(&item), at = item.chunk * job->channels + item.first_channel;
        for (size_t row = item.first_row; row < item.end_row; row += step) {
            const snn_norm_tile tile = norm_tile_at(job, &item, row, step, x);
            job->kernels->norm_statistics(
                &tile, row > item.first_row, partial->origins + at, partial->sums + at, partial->products + at);
        }
    });
}

static double rows_in_chunk(const norm_job *job, size_t chunk) {
    return (double)(ptrdiff_t)snn_min(job->chunk, job->rows - chunk * job->chunk);
}

/// Mean and sum of squared distances from it, from the chunks': as Chan, Golub & LeVeque, "Updating formulae and a
/// pairwise algorithm for computing sample variances" (1979), but with the mean known first.
static void combine_statistics(
    const norm_job *job, const norm_partial_sums *partial, size_t first, size_t count, double *mean, double *squares) {
    for (size_t j = 0; j < count; j++) mean[j] = squares[j] = 0;
    for (size_t chunk = 0; chunk < job->chunks; chunk++) {
        const size_t at = chunk * job->channels + first;
        const double rows = rows_in_chunk(job, chunk);
        for (size_t j = 0; j < count; j++) {
            mean[j] += rows * (double)partial->origins[at + j] + (double)partial->sums[at + j];
        }
    }
    for (size_t j = 0; j < count; j++) mean[j] /= (double)(ptrdiff_t)job->rows;
    for (size_t chunk = 0; chunk < job->chunks; chunk++) {
        const size_t at = chunk * job->channels + first;
        const double rows = rows_in_chunk(job, chunk);
        for (size_t j = 0; j < count; j++) {
            // About the chunk's origin: sum (x - mean)^2 = sum (x - origin)^2 + 2 d sum (x - origin) + rows d^2.
            const double distance = (double)partial->origins[at + j] - mean[j];
            squares[j] +=
                (double)partial->products[at + j] + distance * (2 * (double)partial->sums[at + j] + rows * distance);
        }
    }
}

/// One training call, as far as its segments have it in common; the arrays start at the segment's first channel.
typedef struct {
    const float *scale, *shift;
    float momentum, epsilon;
    float *running_mean, *running_variance;
    snn_batch_norm_statistics batch;
} training_statistics;

static training_statistics statistics_of_segment(const training_statistics *all, size_t first_channel) {
    training_statistics segment = *all;
    segment.scale = norm_at_or_null(all->scale, first_channel);
    segment.shift = norm_at_or_null(all->shift, first_channel);
    segment.running_mean = norm_write_at_or_null(all->running_mean, first_channel);
    segment.running_variance = norm_write_at_or_null(all->running_variance, first_channel);
    segment.batch = norm_batch_of_segment(&all->batch, first_channel);
    return segment;
}

static void move_running(const training_statistics *all, size_t rows, size_t c, double mean, double squares) {
    if (all->running_mean == NULL) return;
    const double momentum = all->momentum;
    all->running_mean[c] = (float)((1 - momentum) * (double)all->running_mean[c] + momentum * mean);
    if (rows < 2) return;
    const double unbiased = squares / (double)(ptrdiff_t)(rows - 1);
    all->running_variance[c] = (float)((1 - momentum) * (double)all->running_variance[c] + momentum * unbiased);
}

static void finish_channel(const training_statistics *all, size_t rows, size_t c, double mean, double squares) {
    const double inverse = snn_inverse_deviation(squares / (double)(ptrdiff_t)rows, all->epsilon);
    const double factor = all->scale == NULL ? inverse : inverse * (double)all->scale[c];
    all->batch.mean[c] = (float)mean;
    all->batch.inverse_deviation[c] = (float)inverse;
    all->batch.factor[c] = (float)factor;
    // What the rounding took from the mean goes into the offset.
    const double rest = mean - (double)all->batch.mean[c];
    all->batch.offset[c] = (float)((all->shift == NULL ? 0 : (double)all->shift[c]) - rest * factor);
    move_running(all, rows, c, mean, squares);
}

static void finish_statistics(const norm_job *job, const norm_partial_sums *partial, const training_statistics *all) {
    SNN_PARALLEL_STEPS(snn_threads_for(16 * job->chunks * job->channels), first, job->channels, SNN_REDUCE_COLUMNS, {
        const size_t count = snn_min(SNN_REDUCE_COLUMNS, job->channels - first);
        double mean[SNN_REDUCE_COLUMNS], squares[SNN_REDUCE_COLUMNS];
        combine_statistics(job, partial, first, count, mean, squares);
        for (size_t j = 0; j < count; j++) finish_channel(all, job->rows, first + j, mean[j], squares[j]);
    });
}

void snn_batch_norm_forward_training(const snn_norm_shape *shape, const void *x, const float *scale, const float *shift,
    const void *addend, snn_activation activation, float momentum, float *running_mean, float *running_variance,
    const snn_batch_norm_statistics *batch, void *y, void *workspace) {
    if (shape->rows == 0) return;
    const training_statistics all = {scale, shift, momentum, shape->epsilon, running_mean, running_variance, *batch};
    for (size_t first = 0; first < shape->channels; first += SNN_NORM_SEGMENT) {
        const norm_job job = norm_make_job(shape, first, activation);
        const norm_partial_sums partial = norm_partial_sums_in(&job, workspace);
        const training_statistics statistics = statistics_of_segment(&all, first);
        const snn_norm_coefficients coefficients = norm_forward_map(&statistics.batch);
        sum_statistics(&job, norm_number_at(&job, x, first), &partial);
        finish_statistics(&job, &partial, &statistics);
        normalise(&job, norm_number_at(&job, x, first), norm_number_at(&job, addend, first), &coefficients,
            norm_number_at(&job, y, first));
    }
}

void snn_batch_norm_forward_inference(const snn_norm_shape *shape, const void *x, const float *scale,
    const float *shift, const float *running_mean, const float *running_variance, const void *addend,
    snn_activation activation, void *y) {
    for (size_t first = 0; first < shape->channels; first += SNN_NORM_SEGMENT) {
        const norm_job job = norm_make_job(shape, first, activation);
        norm_given_map map;
        const snn_norm_coefficients coefficients =
            norm_make_given_map(shape, first, job.channels, scale, shift, running_mean, running_variance, &map);
        normalise(&job, norm_number_at(&job, x, first), norm_number_at(&job, addend, first), &coefficients,
            norm_number_at(&job, y, first));
    }
}
