// Jobs, items and tiles of batch norm.
#include "norm/norm_job.h"

static size_t chunk_rows(size_t rows) { return snn_max(32, snn_min(snn_round_up(snn_ceil_div(rows, 64), 8), 512)); }

norm_job norm_make_job(const snn_norm_shape *shape, size_t first_channel, snn_activation activation) {
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

norm_item norm_item_at(const norm_job *job, size_t index) {
    const size_t chunk = index / job->blocks, channel = index % job->blocks * job->block;
    return (norm_item){.chunk = chunk,
        .first_row = chunk * job->chunk,
        .end_row = snn_min((chunk + 1) * job->chunk, job->rows),
        .first_channel = channel,
        .channels = snn_min(job->block, job->channels - channel)};
}

snn_norm_tile norm_tile_at(const norm_job *job, const norm_item *item, size_t row, size_t rows, const void *x) {
    return (snn_norm_tile){.rows = snn_min(rows, item->end_row - row),
        .channels = item->channels,
        .stride = job->stride,
        .format = job->numbers,
        .x = norm_number_at(job, x, row * job->stride + item->first_channel)};
}

snn_norm_target norm_floats_at(const norm_job *job, const snn_norm_tile *tile, void *tensor, float *scratch) {
    if (norm_is_narrow(job)) return (snn_norm_target){tile->channels, SNN_FLOAT32, scratch};
    return (snn_norm_target){tile->stride, SNN_FLOAT32, tensor};
}

snn_norm_target norm_widened_at(const norm_job *job, const snn_norm_tile *tile, const void *x, float *scratch) {
    const snn_norm_target floats = norm_floats_at(job, tile, (void *)x, scratch);
    if (!norm_is_narrow(job)) return floats;
    const norm_lines lines = norm_lines_of(tile, tile->stride);
    for (size_t i = 0; i < lines.count; i++) {
        const uint16_t *line = (const uint16_t *)x + i * tile->stride;
        job->kernels->widen_bfloat16(lines.numbers, line, scratch + i * lines.numbers);
    }
    return floats;
}

void norm_round_rows(const norm_job *job, const snn_norm_tile *tile, const snn_norm_target *floats) {
    const norm_lines lines = norm_lines_of(tile, floats->stride);
    for (size_t i = 0; i < lines.count; i++) {
        float *line = (float *)floats->numbers + i * floats->stride;
        job->kernels->round_to_bfloat16(lines.numbers, line, line);
    }
}

void norm_narrow_rows(const norm_job *job, const snn_norm_tile *tile, const float *floats, uint16_t *out) {
    const norm_lines lines = norm_lines_of(tile, tile->stride);
    for (size_t i = 0; i < lines.count; i++) {
        job->kernels->narrow_to_bfloat16(lines.numbers, floats + i * lines.numbers, out + i * tile->stride);
    }
}

snn_norm_coefficients norm_make_given_map(const snn_norm_shape *shape, size_t first, size_t channels,
    const float *scale, const float *shift, const float *mean, const float *variance, norm_given_map *map) {
    for (size_t c = 0; c < channels; c++) {
        const double inverse = snn_inverse_deviation((double)variance[first + c], shape->epsilon);
        map->inverse_deviation[c] = (float)inverse;
        map->factor[c] = (float)(scale == NULL ? inverse : inverse * (double)scale[first + c]);
        map->offset[c] = shift == NULL ? 0 : shift[first + c];
    }
    return (snn_norm_coefficients){.center = mean + first, .factor = map->factor, .offset = map->offset};
}
