// The batch norm drivers. These kernels wait for memory, so passes over the tensors are what counts: training reads x
// twice and writes y once forward, reads x, dy and (with an activation) y twice and writes dx once backward; with given
// statistics each tensor is passed once. The activation and its derivative are applied to blocks of rows in the cache.
#include "norm/reduce.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/norm.h"

/// Channels normalised at a time; their coefficients fit on the stack and in the first-level cache.
#define SEGMENT 1024
/// Numbers in a block of rows that stays in the first-level cache.
#define TILE 8192

/// Some channels of all rows, cut into chunks of rows (each leaves one row of partial sums) and blocks of channels
/// (where the chunks alone are too few to share).
typedef struct {
    const snn_kernel_table *kernels;
    size_t rows, channels, stride;
    size_t chunk, chunks, block, blocks;
    snn_activation activation;
    int threads;
} norm_job;

static size_t chunk_rows(size_t rows) { return snn_max(32, snn_min(snn_round_up(snn_ceil_div(rows, 64), 8), 512)); }

static norm_job make_job(const snn_norm_shape *shape, size_t first_channel, snn_activation activation) {
    norm_job job = {.kernels = snn_kernels(),
        .rows = shape->rows,
        .channels = snn_min(SEGMENT, shape->channels - first_channel),
        .stride = shape->channels,
        .chunk = chunk_rows(shape->rows),
        .activation = activation};
    job.chunks = snn_ceil_div(job.rows, job.chunk);
    job.block = job.chunks < 16 ? 64 : job.channels;
    job.blocks = snn_ceil_div(job.channels, job.block);
    job.threads = snn_threads_for(4 * job.rows * job.channels);
    return job;
}

/// The most any function needs: three partial sums a channel and chunk.
size_t snn_batch_norm_workspace_size(const snn_norm_shape *shape) {
    const size_t chunks = snn_ceil_div(shape->rows, chunk_rows(shape->rows));
    return 3 * chunks * snn_min(SEGMENT, shape->channels) * sizeof(float);
}

/// A chunk of rows and a block of channels: what one thread does at a time.
typedef struct {
    size_t chunk, first_row, end_row, first_channel, channels;
} norm_item;

static norm_item item_at(const norm_job *job, size_t index) {
    const size_t chunk = index / job->blocks, channel = index % job->blocks * job->block;
    return (norm_item){.chunk = chunk,
        .first_row = chunk * job->chunk,
        .end_row = snn_min((chunk + 1) * job->chunk, job->rows),
        .first_channel = channel,
        .channels = snn_min(job->block, job->channels - channel)};
}

/// Rows of an item that stay in the cache.
static size_t tile_rows(const norm_item *item) { return snn_max(TILE / item->channels / 8 * 8, 1); }

/// What a channel's numbers are multiplied with and moved by, for the micro-kernels.
typedef struct {
    float factor[SEGMENT], offset[SEGMENT], slope[SEGMENT];
} segment_coefficients;

static snn_norm_coefficients coefficients_at(
    const segment_coefficients *segment, const float *center, bool through_statistics, size_t channel) {
    return (snn_norm_coefficients){.center = center + channel,
        .factor = segment->factor + channel,
        .offset = segment->offset + channel,
        .slope = through_statistics ? segment->slope + channel : NULL};
}

static const float *at_or_null(const float *p, size_t offset) { return p == NULL ? NULL : p + offset; }
static float *write_at_or_null(float *p, size_t offset) { return p == NULL ? NULL : p + offset; }

// Forward

static void activate(const norm_job *job, size_t rows, size_t channels, float *y) {
    if (channels == job->stride) {
        job->kernels->activation_forward(job->activation, rows * channels, y, y);
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        job->kernels->activation_forward(job->activation, channels, y + row * job->stride, y + row * job->stride);
    }
}

/// y = activation((x - center) * factor + offset).
static void normalise(
    const norm_job *job, const float *x, const float *center, const segment_coefficients *segment, float *y) {
    const bool relu = job->activation.kind == SNN_RELU, fused = relu || job->activation.kind == SNN_IDENTITY;
    SNN_PARALLEL_FOR(
        job->threads, for (size_t i = 0; i < job->chunks * job->blocks; i++) {
            const norm_item item = item_at(job, i);
            const snn_norm_coefficients coefficients = coefficients_at(segment, center, false, item.first_channel);
            const size_t step = tile_rows(&item);
            for (size_t row = item.first_row; row < item.end_row; row += step) {
                const size_t at = row * job->stride + item.first_channel;
                const snn_norm_tile tile = {.rows = snn_min(step, item.end_row - row),
                    .channels = item.channels,
                    .stride = job->stride,
                    .x = x + at};
                job->kernels->norm_forward(&tile, &coefficients, relu, y + at);
                if (!fused) activate(job, tile.rows, tile.channels, y + at);
            }
        });
}

/// The partial sums of a segment: chunks x channels each.
typedef struct {
    float *origins, *sums, *products;
} partial_sums;

static partial_sums partial_sums_in(const norm_job *job, void *workspace) {
    float *numbers = workspace;
    const size_t each = job->chunks * job->channels;
    return (partial_sums){numbers, numbers + each, numbers + 2 * each};
}

static void sum_statistics(const norm_job *job, const float *x, const partial_sums *partial) {
    SNN_PARALLEL_FOR(
        job->threads, for (size_t i = 0; i < job->chunks * job->blocks; i++) {
            const norm_item item = item_at(job, i);
            const snn_norm_tile tile = {.rows = item.end_row - item.first_row,
                .channels = item.channels,
                .stride = job->stride,
                .x = x + item.first_row * job->stride + item.first_channel};
            const size_t at = item.chunk * job->channels + item.first_channel;
            job->kernels->norm_statistics(&tile, partial->origins + at, partial->sums + at, partial->products + at);
        });
}

static double rows_in_chunk(const norm_job *job, size_t chunk) {
    return (double)(ptrdiff_t)snn_min(job->chunk, job->rows - chunk * job->chunk);
}

/// Mean and sum of squared distances from it, from the chunks': as Chan, Golub & LeVeque, "Updating formulae and a
/// pairwise algorithm for computing sample variances" (1979), but with the mean known first.
static void combine_statistics(
    const norm_job *job, const partial_sums *partial, size_t first, size_t count, double *mean, double *squares) {
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
    float *running_mean, *running_variance, *mean, *inverse_deviation;
} training_statistics;

static training_statistics statistics_of_segment(const training_statistics *all, size_t first_channel) {
    training_statistics segment = *all;
    segment.scale = at_or_null(all->scale, first_channel);
    segment.shift = at_or_null(all->shift, first_channel);
    segment.running_mean = write_at_or_null(all->running_mean, first_channel);
    segment.running_variance = write_at_or_null(all->running_variance, first_channel);
    segment.mean = all->mean + first_channel;
    segment.inverse_deviation = all->inverse_deviation + first_channel;
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

static void finish_channel(
    const training_statistics *all, size_t rows, size_t c, double mean, double squares, segment_coefficients *segment) {
    const double inverse = snn_inverse_deviation(squares / (double)(ptrdiff_t)rows, all->epsilon);
    const double factor = all->scale == NULL ? inverse : inverse * (double)all->scale[c];
    all->mean[c] = (float)mean;
    all->inverse_deviation[c] = (float)inverse;
    segment->factor[c] = (float)factor;
    // What the rounding took from the mean goes into the offset.
    const double rest = mean - (double)all->mean[c];
    segment->offset[c] = (float)((all->shift == NULL ? 0 : (double)all->shift[c]) - rest * factor);
    move_running(all, rows, c, mean, squares);
}

static void finish_statistics(
    const norm_job *job, const partial_sums *partial, const training_statistics *all, segment_coefficients *segment) {
    SNN_PARALLEL_FOR(
        snn_threads_for(16 * job->chunks * job->channels),
        for (size_t first = 0; first < job->channels; first += SNN_REDUCE_COLUMNS) {
            const size_t count = snn_min(SNN_REDUCE_COLUMNS, job->channels - first);
            double mean[SNN_REDUCE_COLUMNS], squares[SNN_REDUCE_COLUMNS];
            combine_statistics(job, partial, first, count, mean, squares);
            for (size_t j = 0; j < count; j++) finish_channel(all, job->rows, first + j, mean[j], squares[j], segment);
        });
}

void snn_batch_norm_forward_training(const snn_norm_shape *shape, const float *x, const float *scale,
    const float *shift, snn_activation activation, float momentum, float *running_mean, float *running_variance,
    float *mean, float *inverse_deviation, float *y, void *workspace) {
    if (shape->rows == 0) return;
    const training_statistics all = {
        scale, shift, momentum, shape->epsilon, running_mean, running_variance, mean, inverse_deviation};
    for (size_t first = 0; first < shape->channels; first += SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        const partial_sums partial = partial_sums_in(&job, workspace);
        const training_statistics statistics = statistics_of_segment(&all, first);
        segment_coefficients segment;
        sum_statistics(&job, x + first, &partial);
        finish_statistics(&job, &partial, &statistics, &segment);
        normalise(&job, x + first, statistics.mean, &segment, y + first);
    }
}

void snn_batch_norm_forward_inference(const snn_norm_shape *shape, const float *x, const float *scale,
    const float *shift, const float *running_mean, const float *running_variance, snn_activation activation, float *y) {
    for (size_t first = 0; first < shape->channels; first += SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        segment_coefficients segment;
        for (size_t c = 0; c < job.channels; c++) {
            const double inverse = snn_inverse_deviation((double)running_variance[first + c], shape->epsilon);
            segment.factor[c] = (float)(scale == NULL ? inverse : inverse * (double)scale[first + c]);
            segment.offset[c] = shift == NULL ? 0 : shift[first + c];
        }
        normalise(&job, x + first, running_mean + first, &segment, y + first);
    }
}

// Backward

/// The tensors of a backward call from a segment's first channel on.
typedef struct {
    const float *x, *y, *dy, *center;
    float *dx;
} gradient_tensors;

/// The gradient of the activation's input: through ReLU the micro-kernels take it themselves, through another function
/// it is written to `scratch` first.
static snn_norm_gradient gradient_of_tile(
    const norm_job *job, const gradient_tensors *tensors, size_t at, size_t rows, size_t channels, float *scratch) {
    const float *dy = tensors->dy + at;
    if (job->activation.kind == SNN_IDENTITY) return (snn_norm_gradient){dy, job->stride, NULL};
    const float *y = tensors->y + at;
    if (job->activation.kind == SNN_RELU) return (snn_norm_gradient){dy, job->stride, y};
    for (size_t row = 0; row < rows; row++) {
        job->kernels->activation_backward_from_output(
            job->activation, channels, y + row * job->stride, dy + row * job->stride, scratch + row * channels);
    }
    return (snn_norm_gradient){scratch, channels, NULL};
}

/// One pass over a segment: column sums where partial is not NULL, dx where segment is not NULL. dx may be dy: a tile
/// is summed before it is written.
static void pass_backward(const norm_job *job, const gradient_tensors *tensors, const partial_sums *partial,
    const segment_coefficients *segment, bool through_statistics) {
    SNN_PARALLEL_FOR(
        job->threads, for (size_t i = 0; i < job->chunks * job->blocks; i++) {
            const norm_item item = item_at(job, i);
            const size_t step = tile_rows(&item), sums_at = item.chunk * job->channels + item.first_channel;
            float scratch[TILE];
            for (size_t row = item.first_row; row < item.end_row; row += step) {
                const size_t at = row * job->stride + item.first_channel;
                const snn_norm_tile tile = {.rows = snn_min(step, item.end_row - row),
                    .channels = item.channels,
                    .stride = job->stride,
                    .x = tensors->x + at};
                const snn_norm_gradient gradient =
                    gradient_of_tile(job, tensors, at, tile.rows, tile.channels, scratch);
                if (partial != NULL) {
                    job->kernels->norm_gradient_sums(&tile, &gradient, tensors->center + item.first_channel,
                        row > item.first_row, partial->sums + sums_at, partial->products + sums_at);
                }
                if (segment == NULL) continue;
                const snn_norm_coefficients coefficients =
                    coefficients_at(segment, tensors->center, through_statistics, item.first_channel);
                job->kernels->norm_backward(&tile, &gradient, &coefficients, tensors->dx + at);
            }
        });
}

/// What the finished column sums of a segment become.
typedef struct {
    const float *scale, *inverse_deviation;
    bool accumulate;
    float *dscale, *dshift;
    segment_coefficients
        *through;  ///< the way of the gradient through the statistics, or NULL where they are constants
} gradient_results;

/// dx = inverse * scale * (dz - mean(dz) - normalised x * mean(dz * normalised x)), written as a linear map of dz and
/// of x - center.
static void write_coefficients(const gradient_results *results, size_t c, double mean_sum, double mean_product) {
    const double inverse = results->inverse_deviation[c];
    const double factor = results->scale == NULL ? inverse : inverse * (double)results->scale[c];
    results->through->factor[c] = (float)factor;
    results->through->offset[c] = (float)(-factor * mean_sum);
    results->through->slope[c] = (float)(-factor * inverse * inverse * mean_product);
}

static void finish_gradients(const norm_job *job, const partial_sums *partial, const gradient_results *results) {
    const double rows = (double)(ptrdiff_t)job->rows;
    SNN_PARALLEL_FOR(
        snn_threads_for(8 * job->chunks * job->channels),
        for (size_t first = 0; first < job->channels; first += SNN_REDUCE_COLUMNS) {
            const size_t count = snn_min(SNN_REDUCE_COLUMNS, job->channels - first);
            double sums[SNN_REDUCE_COLUMNS], products[SNN_REDUCE_COLUMNS];
            snn_reduce_chunks(job->chunks, job->channels, first, count, partial->sums, sums);
            snn_reduce_chunks(job->chunks, job->channels, first, count, partial->products, products);
            for (size_t j = 0; results->through != NULL && j < count; j++) {
                write_coefficients(results, first + j, sums[j] / rows, products[j] / rows);
            }
            for (size_t j = 0; j < count; j++) products[j] *= (double)results->inverse_deviation[first + j];
            snn_write_gradient(count, sums, results->accumulate, write_at_or_null(results->dshift, first));
            snn_write_gradient(count, products, results->accumulate, write_at_or_null(results->dscale, first));
        });
}

static gradient_tensors tensors_of_segment(
    const float *x, const float *y, const float *dy, const float *center, float *dx, size_t first) {
    return (gradient_tensors){x + first, at_or_null(y, first), dy + first, center + first, write_at_or_null(dx, first)};
}

void snn_batch_norm_backward(const snn_norm_shape *shape, const float *x, const float *y, const float *dy,
    const float *scale, const float *mean, const float *inverse_deviation, snn_activation activation, bool accumulate,
    float *dx, float *dscale, float *dshift, void *workspace) {
    if (shape->rows == 0) {
        snn_write_empty_gradients(shape->channels, accumulate, dscale, dshift);
        return;
    }
    for (size_t first = 0; first < shape->channels; first += SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        const partial_sums partial = partial_sums_in(&job, workspace);
        const gradient_tensors tensors = tensors_of_segment(x, y, dy, mean, dx, first);
        segment_coefficients segment;
        const gradient_results results = {.scale = at_or_null(scale, first),
            .inverse_deviation = inverse_deviation + first,
            .accumulate = accumulate,
            .dscale = write_at_or_null(dscale, first),
            .dshift = write_at_or_null(dshift, first),
            .through = &segment};
        pass_backward(&job, &tensors, &partial, NULL, true);
        finish_gradients(&job, &partial, &results);
        if (dx != NULL) pass_backward(&job, &tensors, NULL, &segment, true);
    }
}

void snn_batch_norm_backward_inference(const snn_norm_shape *shape, const float *x, const float *y, const float *dy,
    const float *scale, const float *running_mean, const float *running_variance, snn_activation activation,
    bool accumulate, float *dx, float *dscale, float *dshift, void *workspace) {
    if (shape->rows == 0) {
        snn_write_empty_gradients(shape->channels, accumulate, dscale, dshift);
        return;
    }
    const bool parameters = dscale != NULL || dshift != NULL;
    for (size_t first = 0; first < shape->channels; first += SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        const partial_sums partial = partial_sums_in(&job, workspace);
        const gradient_tensors tensors = tensors_of_segment(x, y, dy, running_mean, dx, first);
        float inverse_deviation[SEGMENT];
        segment_coefficients segment;
        for (size_t c = 0; c < job.channels; c++) {
            inverse_deviation[c] = (float)snn_inverse_deviation((double)running_variance[first + c], shape->epsilon);
            segment.factor[c] = inverse_deviation[c] * (scale == NULL ? 1 : scale[first + c]);
        }
        const gradient_results results = {.inverse_deviation = inverse_deviation,
            .accumulate = accumulate,
            .dscale = write_at_or_null(dscale, first),
            .dshift = write_at_or_null(dshift, first)};
        pass_backward(&job, &tensors, parameters ? &partial : NULL, dx == NULL ? NULL : &segment, false);
        if (parameters) finish_gradients(&job, &partial, &results);
    }
}
