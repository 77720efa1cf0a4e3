// Augmentation: each row of a window is read where it stands in its image and normalised on the way out.
#include "swiftnn/augment.h"

#include <string.h>

#include "image/factor_pattern.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

typedef struct {
    const snn_view_shape *shape;
    const snn_kernel_table *kernels;
    factor_pattern pattern;
} view_job;

/// Where a window's row or column is in an image of `size`; below 0 where it shows none of it.
static ptrdiff_t source_position(ptrdiff_t position, ptrdiff_t size, snn_edge edge) {
    if (position >= 0 && position < size) return position;
    if (edge == SNN_EDGE_BLACK) return -1;
    if (size == 1) return 0;
    const ptrdiff_t period = 2 * (size - 1);
    const ptrdiff_t phase = ((position % period) + period) % period;
    return phase < size ? phase : period - phase;
}

static void black_pixels(const view_job *job, size_t count, float *out) {
    const size_t channels = job->shape->channels;
    for (size_t i = 0; i < count * channels; i++) out[i] = job->pattern.shift[i % channels];
}

/// Pixels that lie in a row of the image as they do in the window.
static void convert_pixels(const view_job *job, size_t count, const uint8_t *pixels, float *out) {
    job->kernels->bytes_to_float(
        count * job->shape->channels, job->pattern.period, pixels, job->pattern.scale, job->pattern.shift, out);
}

/// A row of the window from a row of the image: the inside of an image that is not mirrored at once, the rest by
/// pixels.
static void convert_row(const view_job *job, const snn_image_view *view, const uint8_t *row, float *out) {
    const snn_view_shape *shape = job->shape;
    for (size_t x = 0, run; x < shape->out_width; x += run) {
        const size_t offset = view->mirrored ? shape->out_width - 1 - x : x;
        const ptrdiff_t position = view->left + (ptrdiff_t)offset;
        const ptrdiff_t column = source_position(position, (ptrdiff_t)shape->width, shape->edge);
        const bool inside = column >= 0 && position == column && !view->mirrored;
        run = inside ? snn_min(shape->width - (size_t)column, shape->out_width - x) : 1;
        float *to = out + x * shape->channels;
        if (column < 0) {
            black_pixels(job, run, to);
        } else {
            convert_pixels(job, run, row + (size_t)column * shape->channels, to);
        }
    }
}

/// The part of 0 ..< size that a cut from `start` over `length` covers.
static void cut_range(int32_t start, int32_t length, size_t size, size_t *first, size_t *last) {
    const ptrdiff_t end = (ptrdiff_t)start + length;
    *first = start < 0 ? 0 : snn_min((size_t)start, size);
    *last = end < 0 ? 0 : snn_min((size_t)end, size);
}

static void cut_row(const view_job *job, const snn_image_view *view, size_t y, float *out) {
    size_t top, bottom, left, right;
    cut_range(view->cut_top, view->cut_height, job->shape->out_height, &top, &bottom);
    cut_range(view->cut_left, view->cut_width, job->shape->out_width, &left, &right);
    if (y < top || y >= bottom || left >= right) return;
    memset(out + left * job->shape->channels, 0, (right - left) * job->shape->channels * sizeof(float));
}

void snn_views_to_float(const snn_view_shape *shape, const uint8_t *images, const int32_t *indices,
    const snn_image_view *views, const float *scale, const float *shift, float *out) {
    const size_t row = shape->out_width * shape->channels, source_row = shape->width * shape->channels;
    if (row == 0 || source_row == 0 || shape->height == 0) return;
    view_job job = {.shape = shape, .kernels = snn_kernels()};
    make_pattern(shape->channels, scale, shift, &job.pattern);
    SNN_PARALLEL_2D(snn_threads_for(shape->batch * shape->out_height * row), b, shape->batch, y, shape->out_height, {
        const uint8_t *image = images + (size_t)indices[b] * shape->height * source_row;
        const ptrdiff_t from = source_position(views[b].top + (ptrdiff_t)y, (ptrdiff_t)shape->height, shape->edge);
        float *to = out + (b * shape->out_height + y) * row;
        if (from < 0) {
            black_pixels(&job, shape->out_width, to);
        } else {
            convert_row(&job, &views[b], image + (size_t)from * source_row, to);
        }
        cut_row(&job, &views[b], y, to);
    });
}
