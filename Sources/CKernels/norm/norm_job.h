// What the passes of batch norm have in common: how the rows are shared out, blocks of them as the micro-kernels take
// them, and what is known of the channels.
#ifndef SNN_NORM_JOB_H
#define SNN_NORM_JOB_H

#include "norm/norm_tile.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

/// Rows are taken by so many or a multiple, as the micro-kernels sum them.
#define NORM_ROW_GROUP 8
/// Numbers in a block of rows that stays in the first-level cache, together with three others of its size; more where
/// few rows have as many.
#define NORM_TILE 2048
#define NORM_LARGEST_TILE (NORM_ROW_GROUP * SNN_NORM_SEGMENT)

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

/// A chunk of rows and a block of channels: what one thread does at a time.
typedef struct {
    size_t chunk, first_row, end_row, first_channel, channels;
} norm_item;

/// Rows of an item that stay in the cache.
static inline size_t norm_tile_rows(const norm_item *item) {
    return snn_max(NORM_TILE / item->channels / NORM_ROW_GROUP, 1) * NORM_ROW_GROUP;
}

/// Number `offset` of a tensor; NULL stays NULL.
static inline void *norm_number_at(const norm_job *job, const void *tensor, size_t offset) {
    return tensor == NULL ? NULL : (char *)tensor + offset * snn_number_size(job->numbers);
}

/// Whether activations need tensors widened, and their results narrowed.
static inline bool norm_is_narrow(const norm_job *job) { return job->numbers == SNN_BFLOAT16; }

/// Whether the micro-kernels do the activation's part by themselves.
static inline bool norm_is_fused(snn_activation activation) {
    return activation.kind == SNN_IDENTITY || activation.kind == SNN_RELU;
}

/// Rows that lie behind one another are one line.
typedef struct {
    size_t count, numbers;
} norm_lines;

static inline norm_lines norm_lines_of(const snn_norm_tile *tile, size_t stride) {
    if (tile->channels == stride) return (norm_lines){1, tile->rows * tile->channels};
    return (norm_lines){tile->rows, tile->channels};
}

/// For the channels from the first one on, up to SNN_NORM_SEGMENT.
norm_job norm_make_job(const snn_norm_shape *shape, size_t first_channel, snn_activation activation);

norm_item norm_item_at(const norm_job *job, size_t index);

/// Rows of an item.
snn_norm_tile norm_tile_at(const norm_job *job, const norm_item *item, size_t row, size_t rows, const void *x);

/// The place of a tile in its tensor, for floats: at 16 bits it is `scratch`, where rows lie behind one another.
snn_norm_target norm_floats_at(const norm_job *job, const snn_norm_tile *tile, void *tensor, float *scratch);

/// Rows of another tensor in the place of a tile, from x on, as floats: in place, or at 16 bits widened to `scratch`.
snn_norm_target norm_widened_at(const norm_job *job, const snn_norm_tile *tile, const void *x, float *scratch);

/// To bfloat16, while they are in the cache.
void norm_round_rows(const norm_job *job, const snn_norm_tile *tile, const snn_norm_target *floats);

/// And to 16 bits, floats that lie behind one another.
void norm_narrow_rows(const norm_job *job, const snn_norm_tile *tile, const float *floats, uint16_t *out);

static inline const float *norm_at_or_null(const float *p, size_t offset) { return p == NULL ? NULL : p + offset; }
static inline float *norm_write_at_or_null(float *p, size_t offset) { return p == NULL ? NULL : p + offset; }

static inline snn_norm_coefficients norm_coefficients_from(const snn_norm_coefficients *all, size_t channel) {
    return (snn_norm_coefficients){.center = norm_at_or_null(all->center, channel),
        .factor = norm_at_or_null(all->factor, channel),
        .offset = norm_at_or_null(all->offset, channel),
        .slope = norm_at_or_null(all->slope, channel)};
}

/// The partial sums of a segment: chunks x channels each.
typedef struct {
    float *origins, *sums, *products;
} norm_partial_sums;

static inline norm_partial_sums norm_partial_sums_in(const norm_job *job, void *workspace) {
    float *numbers = workspace;
    const size_t each = job->chunks * job->channels;
    return (norm_partial_sums){numbers, numbers + each, numbers + 2 * each};
}

static inline snn_batch_norm_statistics norm_batch_of_segment(
    const snn_batch_norm_statistics *all, size_t first_channel) {
    return (snn_batch_norm_statistics){.mean = all->mean + first_channel,
        .inverse_deviation = all->inverse_deviation + first_channel,
        .factor = all->factor + first_channel,
        .offset = all->offset + first_channel};
}

static inline snn_norm_coefficients norm_forward_map(const snn_batch_norm_statistics *batch) {
    return (snn_norm_coefficients){.center = batch->mean, .factor = batch->factor, .offset = batch->offset};
}

/// The map of a segment's channels where the statistics are given.
typedef struct {
    float inverse_deviation[SNN_NORM_SEGMENT], factor[SNN_NORM_SEGMENT], offset[SNN_NORM_SEGMENT];
} norm_given_map;

/// Fills the map for the channels from the first one on.
snn_norm_coefficients norm_make_given_map(const snn_norm_shape *shape, size_t first, size_t channels,
    const float *scale, const float *shift, const float *mean, const float *variance, norm_given_map *map);

#endif
