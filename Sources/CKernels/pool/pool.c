// The pooling drivers: rows of pixels shared among the threads. No sum crosses a row, so neither the threads nor the
// blocks of channels change a bit.
#include "swiftnn/pool.h"

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

static size_t out_size(const snn_pool_axis *axis, bool ceil_mode) {
    const size_t padded = axis->pad_before + axis->in + axis->pad_after;
    const size_t window = (axis->kernel - 1) * axis->dilation + 1;
    const size_t slack = ceil_mode ? axis->stride - 1 : 0;
    if (axis->in == 0 || padded + slack < window) return 0;
    const size_t out = (padded + slack - window) / axis->stride + 1;
    return ceil_mode && (out - 1) * axis->stride >= axis->in + axis->pad_before ? out - 1 : out;
}

static snn_pool_axis vertical_axis(const snn_pool_shape *shape) {
    snn_pool_axis axis = {.in = shape->in_height,
        .kernel = shape->kernel_height,
        .stride = shape->stride_height,
        .dilation = shape->dilation_height,
        .pad_before = shape->pad_top,
        .pad_after = shape->pad_bottom};
    axis.out = out_size(&axis, shape->ceil_mode);
    return axis;
}

static snn_pool_axis horizontal_axis(const snn_pool_shape *shape) {
    snn_pool_axis axis = {.in = shape->in_width,
        .kernel = shape->kernel_width,
        .stride = shape->stride_width,
        .dilation = shape->dilation_width,
        .pad_before = shape->pad_left,
        .pad_after = shape->pad_right};
    axis.out = out_size(&axis, shape->ceil_mode);
    return axis;
}

size_t snn_pool_out_height(const snn_pool_shape *shape) { return vertical_axis(shape).out; }
size_t snn_pool_out_width(const snn_pool_shape *shape) { return horizontal_axis(shape).out; }

/// One call: its rows of pixels, cut into blocks of channels where the rows alone are too few to share.
typedef struct {
    snn_pool_axis vertical, horizontal;
    size_t channels, in_image, out_image, in_row, out_row;  ///< numbers in an image, and in a row of pixels
    size_t rows_per_image, rows, block, blocks;
    snn_pool_lanes lanes;
    bool count_include_pad;
    int threads;
} pool_job;

/// Windows of a vector of `width` outputs, whose taps in a row two vectors of the input hold.
static snn_pool_lanes output_lanes(const snn_pool_axis *axis, size_t channels, size_t width) {
    snn_pool_lanes lanes = {0};
    const size_t windows = width / channels, step = axis->stride * channels;
    const size_t reach = (axis->kernel - 1) * axis->dilation * channels;
    if (windows < 2 || (windows - 1) * step + channels + reach > 2 * width) return lanes;
    lanes.windows = windows;
    for (size_t lane = 0; lane < windows * channels; lane++) {
        lanes.number[lane] = (int32_t)(lane / channels * step + lane % channels);
    }
    return lanes;
}

/// Windows of a vector of `width` numbers of the input, where windows are disjoint.
static snn_pool_lanes input_lanes(const snn_pool_axis *axis, size_t channels, size_t width) {
    snn_pool_lanes lanes = {0};
    const size_t step = axis->kernel * channels;
    if (step > width) return lanes;
    lanes.windows = width / step;
    for (size_t lane = 0; lane < lanes.windows * step; lane++) {
        lanes.number[lane] = (int32_t)(lane / step * channels + lane % channels);
        lanes.tap[lane] = (int32_t)(lane % step / channels);
    }
    return lanes;
}

static pool_job make_job(const snn_pool_shape *shape, bool backward) {
    pool_job job = {.vertical = vertical_axis(shape),
        .horizontal = horizontal_axis(shape),
        .channels = shape->channels,
        .count_include_pad = shape->count_include_pad};
    job.in_row = job.horizontal.in * shape->channels;
    job.out_row = job.horizontal.out * shape->channels;
    job.in_image = job.vertical.in * job.in_row;
    job.out_image = job.vertical.out * job.out_row;
    job.rows_per_image = backward ? job.vertical.in : job.vertical.out;
    job.rows = shape->batch * job.rows_per_image;
    job.block = job.rows < 32 ? 64 : snn_max(shape->channels, 1);
    job.blocks = snn_ceil_div(shape->channels, job.block);
    if (shape->channels > 0) {
        const size_t width = snn_kernels()->width;
        job.lanes = backward ? input_lanes(&job.horizontal, shape->channels, width)
                             : output_lanes(&job.horizontal, shape->channels, width);
    }
    const size_t taps = shape->kernel_height * shape->kernel_width;
    job.threads = snn_threads_for(shape->batch * (job.out_image * taps + (backward ? job.in_image : 0)));
    return job;
}

/// One item of a job: the row, and where its block of channels starts in the tensors of the image.
typedef struct {
    snn_pool_row row;
    size_t in, out;          ///< of the image
    size_t in_row, out_row;  ///< of the row, for the pass that writes it
} pool_item;

static pool_item item_at(const pool_job *job, size_t index) {
    const size_t channel = index % job->blocks * job->block, global_row = index / job->blocks;
    const size_t image = global_row / job->rows_per_image, row = global_row % job->rows_per_image;
    pool_item item = {.row = {.vertical = &job->vertical,
                          .horizontal = &job->horizontal,
                          .row = row,
                          .channels = snn_min(job->block, job->channels - channel),
                          .pixel = job->channels,
                          .count_include_pad = job->count_include_pad,
                          .lanes = &job->lanes},
        .in = image * job->in_image + channel,
        .out = image * job->out_image + channel};
    item.in_row = item.in + row * job->in_row;
    item.out_row = item.out + row * job->out_row;
    return item;
}

void snn_max_pool_forward(const snn_pool_shape *shape, const void *x, void *y, uint16_t *argmax) {
    const pool_job job = make_job(shape, false);
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_FOR(job.threads, i, job.rows * job.blocks, {
        const pool_item item = item_at(&job, i);
        uint16_t *winners = argmax == NULL ? NULL : argmax + item.out_row;
        if (shape->numbers == SNN_BFLOAT16) {
            const uint16_t *image = (const uint16_t *)x + item.in;
            kernels->max_pool_forward_row_bfloat16(&item.row, image, (uint16_t *)y + item.out_row, winners);
        } else {
            const float *image = (const float *)x + item.in;
            kernels->max_pool_forward_row(&item.row, image, (float *)y + item.out_row, winners);
        }
    });
}

void snn_max_pool_backward(const snn_pool_shape *shape, const void *dy, const uint16_t *argmax, void *dx) {
    const pool_job job = make_job(shape, true);
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_FOR(job.threads, i, job.rows * job.blocks, {
        const pool_item item = item_at(&job, i);
        const uint16_t *winners = argmax + item.out;
        if (shape->numbers == SNN_BFLOAT16) {
            const uint16_t *image = (const uint16_t *)dy + item.out;
            kernels->max_pool_backward_row_bfloat16(&item.row, image, winners, (uint16_t *)dx + item.in_row);
        } else {
            const float *image = (const float *)dy + item.out;
            kernels->max_pool_backward_row(&item.row, image, winners, (float *)dx + item.in_row);
        }
    });
}

void snn_average_pool_forward(const snn_pool_shape *shape, const float *x, float *y) {
    const pool_job job = make_job(shape, false);
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_FOR(job.threads, i, job.rows * job.blocks, {
        const pool_item item = item_at(&job, i);
        kernels->average_pool_forward_row(&item.row, x + item.in, y + item.out_row);
    });
}

void snn_average_pool_backward(const snn_pool_shape *shape, const float *dy, float *dx) {
    const pool_job job = make_job(shape, true);
    const snn_kernel_table *kernels = snn_kernels();
    SNN_PARALLEL_FOR(job.threads, i, job.rows * job.blocks, {
        const pool_item item = item_at(&job, i);
        kernels->average_pool_backward_row(&item.row, dy + item.out, dx + item.in_row);
    });
}
