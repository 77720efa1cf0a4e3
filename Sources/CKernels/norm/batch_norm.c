// The batch norm drivers. These kernels wait for memory, so passes over the tensors are what counts: training reads x
// twice and writes y once forward, reads x and dy twice and writes dx once backward; with given statistics each tensor
// is passed once. The activation and its derivative are applied to blocks of rows in the cache; what went into the
// activation is computed again from x, which takes less time than reading it would. Tensors at 16 bits are widened
// block by block, and narrowed again.
#include "norm/reduce.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/norm.h"

/// Rows are taken by so many or a multiple, as the micro-kernels sum them.
#define ROW_GROUP 8
/// Numbers in a block of rows that stays in the first-level cache, together with three others of its size; more where
/// few rows have as many.
#define TILE 2048
#define LARGEST_TILE (ROW_GROUP * SNN_NORM_SEGMENT)

/// Some channels of all rows, cut into chunks of rows (each leaves one row of partial sums) and blocks of channels
/// (where the chunks alone are too few to share).
typedef struct {
    const snn_kernel_table *kernels;
    size_t rows, channels, stride;
    size_t chunk, chunks, block, blocks;
    snn_activation activation;
    snn_number_format numbers;  ///< of the tensors
    int threads;
} norm_job;

static size_t chunk_rows(size_t rows) { return snn_max(32, snn_min(snn_round_up(snn_ceil_div(rows, 64), 8), 512)); }

static norm_job make_job(const snn_norm_shape *shape, size_t first_channel, snn_activation activation) {
    norm_job job = {.kernels = snn_kernels(),
        .rows = shape->rows,
        .channels = snn_min(SNN_NORM_SEGMENT, shape->channels - first_channel),
        .stride = shape->channels,
        .chunk = chunk_rows(shape->rows),
        .activation = activation,
        .numbers = shape->numbers};
    job.chunks = snn_ceil_div(job.rows, job.chunk);
    job.block = job.chunks < 16 ? 64 : job.channels;
    job.blocks = snn_ceil_div(job.channels, job.block);
    job.threads = snn_threads_for(4 * job.rows * job.channels);
    return job;
}

/// The most any function needs: three partial sums a channel and chunk.
size_t snn_batch_norm_workspace_size(const snn_norm_shape *shape) {
    const size_t chunks = snn_ceil_div(shape->rows, chunk_rows(shape->rows));
    return 3 * chunks * snn_min(SNN_NORM_SEGMENT, shape->channels) * sizeof(float);
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
static size_t tile_rows(const norm_item *item) { return snn_max(TILE / item->channels / ROW_GROUP, 1) * ROW_GROUP; }

/// Number `offset` of a tensor; NULL stays NULL.
static void *number_at(snn_number_format numbers, const void *tensor, size_t offset) {
    return tensor == NULL ? NULL : (char *)tensor + offset * snn_number_size(numbers);
}

/// Whether tensors have to be widened.
static bool is_narrow(const norm_job *job) { return job->numbers == SNN_BFLOAT16; }

/// Rows of `channels` numbers of a tensor as floats, which then lie behind one another.
static void widen_tile(const norm_job *job, size_t rows, size_t channels, const uint16_t *x, float *out) {
    const size_t lines = channels == job->stride ? 1 : rows, count = rows * channels / lines;
    for (size_t line = 0; line < lines; line++) {
        job->kernels->widen_bfloat16(count, x + line * job->stride, out + line * count);
    }
}

/// And back.
static void narrow_tile(const norm_job *job, const snn_norm_tile *tile, const float *x, uint16_t *out) {
    const size_t lines = tile->channels == job->stride ? 1 : tile->rows, count = tile->rows * tile->channels / lines;
    for (size_t line = 0; line < lines; line++) {
        job->kernels->narrow_to_bfloat16(count, x + line * count, out + line * job->stride);
    }
}

/// Rows of an item: in place, or in `scratch`.
static snn_norm_tile tile_at(
    const norm_job *job, const norm_item *item, size_t row, size_t rows, const void *x, float *scratch) {
    const void *first = number_at(job->numbers, x, row * job->stride + item->first_channel);
    const snn_norm_tile tile = {.rows = snn_min(rows, item->end_row - row),
        .channels = item->channels,
        .stride = is_narrow(job) ? item->channels : job->stride,
        .x = is_narrow(job) ? scratch : first};
    if (is_narrow(job)) widen_tile(job, tile.rows, tile.channels, first, scratch);
    return tile;
}

static const float *at_or_null(const float *p, size_t offset) { return p == NULL ? NULL : p + offset; }

static snn_norm_coefficients coefficients_from(const snn_norm_coefficients *all, size_t channel) {
    return (snn_norm_coefficients){.center = at_or_null(all->center, channel),
        .factor = at_or_null(all->factor, channel),
        .offset = at_or_null(all->offset, channel),
        .slope = at_or_null(all->slope, channel)};
}
static float *write_at_or_null(float *p, size_t offset) { return p == NULL ? NULL : p + offset; }

/// Whether the micro-kernels do the activation's part by themselves.
static bool is_fused(snn_activation activation) {
    return activation.kind == SNN_IDENTITY || activation.kind == SNN_RELU;
}

/// To bfloat16, while the rows are in the cache.
static void round_tile(const norm_job *job, const snn_norm_tile *tile, float *y) {
    const size_t lines = tile->channels == tile->stride ? 1 : tile->rows, count = tile->rows * tile->channels / lines;
    for (size_t line = 0; line < lines; line++) {
        job->kernels->round_to_bfloat16(count, y + line * tile->stride, y + line * tile->stride);
    }
}

/// The results of a tile are in their tensor, `out`, or go there.
static void finish_tile(const norm_job *job, const snn_norm_tile *tile, float *y, void *out) {
    if (is_narrow(job)) narrow_tile(job, tile, y, out);
    if (job->numbers == SNN_ROUNDED) round_tile(job, tile, y);
}

// Forward

static void activate(const norm_job *job, const snn_norm_tile *tile, float *y) {
    const size_t lines = tile->channels == tile->stride ? 1 : tile->rows, count = tile->rows * tile->channels / lines;
    for (size_t line = 0; line < lines; line++) {
        job->kernels->activation_forward(job->activation, count, y + line * tile->stride, y + line * tile->stride);
    }
}

/// y = activation((x - center) * factor + offset).
static void normalise(const norm_job *job, const void *x, const snn_norm_coefficients *all, void *y) {
    const bool relu = job->activation.kind == SNN_RELU;
    SNN_PARALLEL_FOR(job->threads, i, job->chunks * job->blocks, {
        const norm_item item = item_at(job, i);
        const snn_norm_coefficients coefficients = coefficients_from(all, item.first_channel);
        const size_t step = tile_rows(&item);
        float scratch[LARGEST_TILE];
        for (size_t row = item.first_row; row < item.end_row; row += step) {
            const snn_norm_tile tile = tile_at(job, &item, row, step, x, scratch);
            void *out = number_at(job->numbers, y, row * job->stride + item.first_channel);
            float *results = is_narrow(job) ? scratch : out;
            job->kernels->norm_forward(&tile, &coefficients, relu, results, tile.stride);
            if (!is_fused(job->activation)) activate(job, &tile, results);
            finish_tile(job, &tile, results, out);
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

static void sum_statistics(const norm_job *job, const void *x, const partial_sums *partial) {
    SNN_PARALLEL_FOR(job->threads, i, job->chunks * job->blocks, {
        const norm_item item = item_at(job, i);
        const size_t step = tile_rows(&item), at = item.chunk * job->channels + item.first_channel;
        float scratch[LARGEST_TILE];
        for (size_t row = item.first_row; row < item.end_row; row += step) {
            const snn_norm_tile tile = tile_at(job, &item, row, step, x, scratch);
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
    float *running_mean, *running_variance;
    snn_batch_norm_statistics batch;
} training_statistics;

static snn_batch_norm_statistics batch_of_segment(const snn_batch_norm_statistics *all, size_t first_channel) {
    return (snn_batch_norm_statistics){.mean = all->mean + first_channel,
        .inverse_deviation = all->inverse_deviation + first_channel,
        .factor = all->factor + first_channel,
        .offset = all->offset + first_channel};
}

static snn_norm_coefficients forward_map(const snn_batch_norm_statistics *batch) {
    return (snn_norm_coefficients){.center = batch->mean, .factor = batch->factor, .offset = batch->offset};
}

static training_statistics statistics_of_segment(const training_statistics *all, size_t first_channel) {
    training_statistics segment = *all;
    segment.scale = at_or_null(all->scale, first_channel);
    segment.shift = at_or_null(all->shift, first_channel);
    segment.running_mean = write_at_or_null(all->running_mean, first_channel);
    segment.running_variance = write_at_or_null(all->running_variance, first_channel);
    segment.batch = batch_of_segment(&all->batch, first_channel);
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

static void finish_statistics(const norm_job *job, const partial_sums *partial, const training_statistics *all) {
    SNN_PARALLEL_STEPS(snn_threads_for(16 * job->chunks * job->channels), first, job->channels, SNN_REDUCE_COLUMNS, {
        const size_t count = snn_min(SNN_REDUCE_COLUMNS, job->channels - first);
        double mean[SNN_REDUCE_COLUMNS], squares[SNN_REDUCE_COLUMNS];
        combine_statistics(job, partial, first, count, mean, squares);
        for (size_t j = 0; j < count; j++) finish_channel(all, job->rows, first + j, mean[j], squares[j]);
    });
}

void snn_batch_norm_forward_training(const snn_norm_shape *shape, const void *x, const float *scale, const float *shift,
    snn_activation activation, float momentum, float *running_mean, float *running_variance,
    const snn_batch_norm_statistics *batch, void *y, void *workspace) {
    if (shape->rows == 0) return;
    const training_statistics all = {scale, shift, momentum, shape->epsilon, running_mean, running_variance, *batch};
    for (size_t first = 0; first < shape->channels; first += SNN_NORM_SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        const partial_sums partial = partial_sums_in(&job, workspace);
        const training_statistics statistics = statistics_of_segment(&all, first);
        const snn_norm_coefficients coefficients = forward_map(&statistics.batch);
        sum_statistics(&job, number_at(job.numbers, x, first), &partial);
        finish_statistics(&job, &partial, &statistics);
        normalise(&job, number_at(job.numbers, x, first), &coefficients, number_at(job.numbers, y, first));
    }
}

/// The map of a segment's channels where the statistics are given.
typedef struct {
    float inverse_deviation[SNN_NORM_SEGMENT], factor[SNN_NORM_SEGMENT], offset[SNN_NORM_SEGMENT];
} given_map;

static snn_norm_coefficients make_given_map(const snn_norm_shape *shape, size_t first, size_t channels,
    const float *scale, const float *shift, const float *mean, const float *variance, given_map *map) {
    for (size_t c = 0; c < channels; c++) {
        const double inverse = snn_inverse_deviation((double)variance[first + c], shape->epsilon);
        map->inverse_deviation[c] = (float)inverse;
        map->factor[c] = (float)(scale == NULL ? inverse : inverse * (double)scale[first + c]);
        map->offset[c] = shift == NULL ? 0 : shift[first + c];
    }
    return (snn_norm_coefficients){.center = mean + first, .factor = map->factor, .offset = map->offset};
}

void snn_batch_norm_forward_inference(const snn_norm_shape *shape, const void *x, const float *scale,
    const float *shift, const float *running_mean, const float *running_variance, snn_activation activation, void *y) {
    for (size_t first = 0; first < shape->channels; first += SNN_NORM_SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        given_map map;
        const snn_norm_coefficients coefficients =
            make_given_map(shape, first, job.channels, scale, shift, running_mean, running_variance, &map);
        normalise(&job, number_at(job.numbers, x, first), &coefficients, number_at(job.numbers, y, first));
    }
}

// Backward

/// The tensors of a pass from a segment's first channel on, and the map that the forward pass applied.
typedef struct {
    const void *x, *dy;
    void *dz;  ///< where the gradient of the activation's input is left, unless NULL; may be dy
    void *dx;
    snn_norm_coefficients forward;
} gradient_tensors;

/// Some rows of them as floats: at 16 bits, x becomes dx, and dy is apart.
typedef struct {
    float x[LARGEST_TILE], dy[LARGEST_TILE], z[LARGEST_TILE];
} gradient_scratch;

/// dz = dy * activation'(z), to the bits that the activation by itself would write: it takes its derivative from its
/// output where that is enough.
static void derive_activation(const norm_job *job, size_t count, const float *dy, float *z, float *dz) {
    if (snn_activation_invertible(job->activation)) {
        job->kernels->activation_forward(job->activation, count, z, z);
        job->kernels->activation_backward_from_output(job->activation, count, z, dy, dz);
    } else {
        job->kernels->activation_backward(job->activation, count, z, dy, dz);
    }
}

/// The gradient of the activation's input; unless the micro-kernels take it themselves, it is written to the tensor dz
/// or else over scratch's z.
static snn_norm_gradient gradient_of_tile(const norm_job *job, const snn_norm_tile *tile,
    const gradient_tensors *tensors, size_t at, gradient_scratch *scratch) {
    const void *tensor = number_at(job->numbers, tensors->dy, at);
    const float *dy = is_narrow(job) ? scratch->dy : tensor;
    if (is_narrow(job)) widen_tile(job, tile->rows, tile->channels, tensor, scratch->dy);
    if (is_fused(job->activation)) {
        const bool relu = job->activation.kind == SNN_RELU;
        return (snn_norm_gradient){dy, tile->stride, relu ? tensors->forward.offset : NULL};
    }
    job->kernels->norm_forward(tile, &tensors->forward, false, scratch->z, tile->channels);
    const bool in_scratch = is_narrow(job) || tensors->dz == NULL;
    float *dz = in_scratch ? scratch->z : (float *)tensors->dz + at;
    const size_t dz_stride = in_scratch ? tile->channels : job->stride;
    const size_t lines = tile->channels == tile->stride ? 1 : tile->rows, count = tile->rows * tile->channels / lines;
    for (size_t line = 0; line < lines; line++) {
        derive_activation(
            job, count, dy + line * tile->stride, scratch->z + line * tile->channels, dz + line * dz_stride);
    }
    const snn_norm_tile written = {.rows = tile->rows, .channels = tile->channels, .stride = dz_stride};
    if (job->numbers != SNN_FLOAT32) round_tile(job, &written, dz);
    if (is_narrow(job) && tensors->dz != NULL) narrow_tile(job, tile, dz, number_at(job->numbers, tensors->dz, at));
    return (snn_norm_gradient){dz, dz_stride, NULL};
}

static gradient_tensors tensors_from(const norm_job *job, const gradient_tensors *all, size_t first_channel) {
    return (gradient_tensors){.x = number_at(job->numbers, all->x, first_channel),
        .dy = number_at(job->numbers, all->dy, first_channel),
        .dz = number_at(job->numbers, all->dz, first_channel),
        .dx = number_at(job->numbers, all->dx, first_channel),
        .forward = coefficients_from(&all->forward, first_channel)};
}

/// One pass over a segment: column sums where partial is not NULL, dx where backward is not NULL. dx may be dy: a tile
/// is summed before it is written.
static void pass_backward(const norm_job *job, const gradient_tensors *segment, const partial_sums *partial,
    const snn_norm_coefficients *backward) {
    SNN_PARALLEL_FOR(job->threads, i, job->chunks * job->blocks, {
        const norm_item item = item_at(job, i);
        const gradient_tensors tensors = tensors_from(job, segment, item.first_channel);
        const size_t step = tile_rows(&item), sums_at = item.chunk * job->channels + item.first_channel;
        gradient_scratch scratch;
        for (size_t row = item.first_row; row < item.end_row; row += step) {
            const size_t at = row * job->stride;
            const snn_norm_tile tile = tile_at(job, &item, row, step, segment->x, scratch.x);
            const snn_norm_gradient gradient = gradient_of_tile(job, &tile, &tensors, at, &scratch);
            if (partial != NULL) {
                job->kernels->norm_gradient_sums(&tile, &gradient, &tensors.forward, row > item.first_row,
                    partial->sums + sums_at, partial->products + sums_at);
            }
            if (backward == NULL) continue;
            const snn_norm_coefficients coefficients = coefficients_from(backward, item.first_channel);
            void *out = number_at(job->numbers, tensors.dx, at);
            float *dx = is_narrow(job) ? scratch.x : out;
            job->kernels->norm_backward(&tile, &gradient, &coefficients, dx);
            finish_tile(job, &tile, dx, out);
        }
    });
}

/// The way of a gradient through the statistics, for each channel of a segment.
typedef struct {
    float offset[SNN_NORM_SEGMENT], slope[SNN_NORM_SEGMENT];
} statistics_gradient;

/// What the finished column sums of a segment become.
typedef struct {
    const float *factor, *inverse_deviation;
    bool accumulate;
    float *dscale, *dshift;
    statistics_gradient *through;  ///< NULL where the statistics are constants
} gradient_results;

/// dx = factor * (dz - mean(dz) - normalised x * mean(dz * normalised x)), written as a linear map of dz and of
/// x - center.
static void write_coefficients(const gradient_results *results, size_t c, double mean_sum, double mean_product) {
    const double inverse = results->inverse_deviation[c], factor = results->factor[c];
    results->through->offset[c] = (float)(-factor * mean_sum);
    results->through->slope[c] = (float)(-factor * inverse * inverse * mean_product);
}

static void finish_gradients(const norm_job *job, const partial_sums *partial, const gradient_results *results) {
    const double rows = (double)(ptrdiff_t)job->rows;
    SNN_PARALLEL_STEPS(snn_threads_for(8 * job->chunks * job->channels), first, job->channels, SNN_REDUCE_COLUMNS, {
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

void snn_batch_norm_backward(const snn_norm_shape *shape, const void *x, const void *dy,
    const snn_batch_norm_statistics *batch, snn_activation activation, bool accumulate, void *dx, float *dscale,
    float *dshift, void *workspace) {
    if (shape->rows == 0) {
        snn_write_empty_gradients(shape->channels, accumulate, dscale, dshift);
        return;
    }
    for (size_t first = 0; first < shape->channels; first += SNN_NORM_SEGMENT) {
        norm_job job = make_job(shape, first, activation);
        const partial_sums partial = partial_sums_in(&job, workspace);
        const snn_batch_norm_statistics statistics = batch_of_segment(batch, first);
        const gradient_tensors all = {.x = x, .dy = dy, .dz = dx, .dx = dx};
        gradient_tensors tensors = tensors_from(&job, &all, first);
        tensors.forward = forward_map(&statistics);
        statistics_gradient through;
        const gradient_results results = {.factor = statistics.factor,
            .inverse_deviation = statistics.inverse_deviation,
            .accumulate = accumulate,
            .dscale = write_at_or_null(dscale, first),
            .dshift = write_at_or_null(dshift, first),
            .through = &through};
        pass_backward(&job, &tensors, &partial, NULL);
        finish_gradients(&job, &partial, &results);
        if (dx == NULL) continue;
        if (!is_fused(activation)) {
            // The first pass has left the gradient of the activation's input in dx.
            tensors.dy = tensors.dx;
            job.activation.kind = SNN_IDENTITY;
        }
        const snn_norm_coefficients backward = {statistics.mean, statistics.factor, through.offset, through.slope};
        pass_backward(&job, &tensors, NULL, &backward);
    }
}

void snn_batch_norm_backward_inference(const snn_norm_shape *shape, const void *x, const void *dy, const float *scale,
    const float *shift, const float *running_mean, const float *running_variance, snn_activation activation,
    bool accumulate, void *dx, float *dscale, float *dshift, void *workspace) {
    if (shape->rows == 0) {
        snn_write_empty_gradients(shape->channels, accumulate, dscale, dshift);
        return;
    }
    const bool parameters = dscale != NULL || dshift != NULL;
    for (size_t first = 0; first < shape->channels; first += SNN_NORM_SEGMENT) {
        const norm_job job = make_job(shape, first, activation);
        const partial_sums partial = partial_sums_in(&job, workspace);
        given_map map;
        const snn_norm_coefficients forward =
            make_given_map(shape, first, job.channels, scale, shift, running_mean, running_variance, &map);
        const gradient_tensors all = {.x = x, .dy = dy, .dx = dx};
        gradient_tensors tensors = tensors_from(&job, &all, first);
        tensors.forward = forward;
        const snn_norm_coefficients backward = {.center = forward.center, .factor = forward.factor};
        const gradient_results results = {.inverse_deviation = map.inverse_deviation,
            .accumulate = accumulate,
            .dscale = write_at_or_null(dscale, first),
            .dshift = write_at_or_null(dshift, first)};
        pass_backward(&job, &tensors, parameters ? &partial : NULL, dx == NULL ? NULL : &backward);
        if (parameters) finish_gradients(&job, &partial, &results);
    }
}
