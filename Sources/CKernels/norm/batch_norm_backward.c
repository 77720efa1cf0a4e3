// The gradient of batch norm: training reads x and dy twice and writes dx once; with given statistics each tensor is
// passed once. The derivative of the activation is taken of blocks of rows in the cache; what went into the activation
// is computed again from x, which takes less time than reading it would.
#include "norm/norm_job.h"
#include "norm/reduce.h"
#include "swiftnn/norm.h"

/// The tensors of a pass from a segment's first channel on, and the map that the forward pass applied.
typedef struct {
    const void *x, *dy;
    void *dz;  ///< where the gradient of the activation's input is left, unless NULL; may be dy
    void *dx;
    snn_norm_coefficients forward;
} gradient_tensors;

/// Some rows as floats, for activations: of dy at 16 bits, and of what went into the activation.
typedef struct {
    float dy[NORM_LARGEST_TILE], z[NORM_LARGEST_TILE];
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
    const void *dy = norm_number_at(job, tensors->dy, at);
    if (norm_is_fused(job->activation)) {
        const bool relu = job->activation.kind == SNN_RELU;
        return (snn_norm_gradient){tile->stride, tile->format, dy, relu ? tensors->forward.offset : NULL};
    }
    const snn_norm_target z = {tile->channels, SNN_FLOAT32, scratch->z};
    job->kernels->norm_forward(tile, &tensors->forward, false, &z);
    const snn_norm_target given = norm_widened_at(job, tile, dy, scratch->dy);
    void *place = norm_number_at(job, tensors->dz, at);
    const snn_norm_target dz = place == NULL ? z : norm_floats_at(job, tile, place, scratch->z);
    const norm_lines lines = norm_lines_of(tile, tile->stride);
    for (size_t i = 0; i < lines.count; i++) {
        derive_activation(job, lines.numbers, (const float *)given.numbers + i * given.stride,
            scratch->z + i * tile->channels, (float *)dz.numbers + i * dz.stride);
    }
    if (job->numbers != SNN_FLOAT32) norm_round_rows(job, tile, &dz);
    if (norm_is_narrow(job) && place != NULL) norm_narrow_rows(job, tile, dz.numbers, place);
    return (snn_norm_gradient){dz.stride, SNN_FLOAT32, dz.numbers, NULL};
}

static gradient_tensors tensors_from(const norm_job *job, const gradient_tensors *all, size_t first_channel) {
    return (gradient_tensors){.x = norm_number_at(job, all->x, first_channel),
        .dy = norm_number_at(job, all->dy, first_channel),
        .dz = norm_number_at(job, all->dz, first_channel),
        .dx = norm_number_at(job, all->dx, first_channel),
        .forward = norm_coefficients_from(&all->forward, first_channel)};
}

/// One pass over a segment: column sums where partial is not NULL, dx where backward is not NULL. dx may be dy: a tile
/// is summed before it is written.
static void pass_backward(const norm_job *job, const gradient_tensors *segment, const norm_partial_sums *partial,
    const snn_norm_coefficients *backward) {
    SNN_PARALLEL_FOR(job->threads, i, job->chunks * job->blocks, {
        const norm_item item = norm_item_at(job, i);
        const gradient_tensors tensors = tensors_from(job, segment, item.first_channel);
        const size_t step = norm_tile_rows(&item), sums_at = item.chunk * job->channels + item.first_channel;
        gradient_scratch scratch;
        for (size_t row = item.first_row; row < item.end_row; row += step) {
            const size_t at = row * job->stride;
            const snn_norm_tile tile = norm_tile_at(job, &item, row, step, segment->x);
            const snn_norm_gradient gradient = gradient_of_tile(job, &tile, &tensors, at, &scratch);
            if (partial != NULL) {
                job->kernels->norm_gradient_sums(&tile, &gradient, &tensors.forward, row > item.first_row,
                    partial->sums + sums_at, partial->products + sums_at);
            }
            if (backward == NULL) continue;
            const snn_norm_coefficients coefficients = norm_coefficients_from(backward, item.first_channel);
            job->kernels->norm_backward(&tile, &gradient, &coefficients, norm_number_at(job, tensors.dx, at));
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

static void finish_gradients(const norm_job *job, const norm_partial_sums *partial, const gradient_results *results) {
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
        snn_write_gradient(count, sums, results->accumulate, norm_write_at_or_null(results->dshift, first));
        snn_write_gradient(count, products, results->accumulate, norm_write_at_or_null(results->dscale, first));
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
        norm_job job = norm_make_job(shape, first, activation);
        const norm_partial_sums partial = norm_partial_sums_in(&job, workspace);
        const snn_batch_norm_statistics statistics = norm_batch_of_segment(batch, first);
        const gradient_tensors all = {.x = x, .dy = dy, .dz = dx, .dx = dx};
        gradient_tensors tensors = tensors_from(&job, &all, first);
        tensors.forward = norm_forward_map(&statistics);
        statistics_gradient through;
        const gradient_results results = {.factor = statistics.factor,
            .inverse_deviation = statistics.inverse_deviation,
            .accumulate = accumulate,
            .dscale = norm_write_at_or_null(dscale, first),
            .dshift = norm_write_at_or_null(dshift, first),
            .through = &through};
        pass_backward(&job, &tensors, &partial, NULL);
        finish_gradients(&job, &partial, &results);
        if (dx == NULL) continue;
        if (!norm_is_fused(activation)) {
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
        const norm_job job = norm_make_job(shape, first, activation);
        const norm_partial_sums partial = norm_partial_sums_in(&job, workspace);
        norm_given_map map;
        const snn_norm_coefficients forward =
            norm_make_given_map(shape, first, job.channels, scale, shift, running_mean, running_variance, &map);
        const gradient_tensors all = {.x = x, .dy = dy, .dx = dx};
        gradient_tensors tensors = tensors_from(&job, &all, first);
        tensors.forward = forward;
        const snn_norm_coefficients backward = {.center = forward.center, .factor = forward.factor};
        const gradient_results results = {.inverse_deviation = map.inverse_deviation,
            .accumulate = accumulate,
            .dscale = norm_write_at_or_null(dscale, first),
            .dshift = norm_write_at_or_null(dshift, first)};
        pass_backward(&job, &tensors, parameters ? &partial : NULL, dx == NULL ? NULL : &backward);
        if (parameters) finish_gradients(&job, &partial, &results);
    }
}
