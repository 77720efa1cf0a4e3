// Images of another size. Rows are blended to one of the new image's height, of which the columns are blended.
#include <math.h>
#include <string.h>

#include "runtime/parallel.h"
#include "swiftnn/image.h"
#include "swiftnn/runtime.h"

/// What one axis of the new image sees of the old one: the same number of weights for each position, some of them 0,
/// whose pixels count for nothing, infinity and NaN too.
typedef struct {
    size_t taps;
    size_t *first;   ///< the first pixel that a position sees
    float *weights;  ///< [position][tap]
} resize_axis;

typedef struct {
    const snn_resize_shape *shape;
    resize_axis height, width;
} resize_plan;

/// Half the width of the triangle by which pixels are weighted.
static double reach(size_t in, size_t out) { return in > out ? (double)in / (double)out : 1; }

/// The most pixels under a triangle.
static size_t most_taps(size_t in, size_t out) {
    return out == 0 ? 0 : snn_min(in, (size_t)ceil(2 * reach(in, out)) + 1);
}

static size_t axis_size(size_t in, size_t out) {
    return snn_round_up(out * (sizeof(size_t) + most_taps(in, out) * sizeof(float)), SNN_ALIGNMENT);
}

/// The weight of a pixel under a triangle, not yet divided by their sum.
static double triangle(size_t pixel, double centre, double reach) {
    return fmax(0, 1 - fabs((double)pixel + 0.5 - centre) / reach);
}

/// The weights of one position, which add up to 1.
static void fill_weights(size_t in, double centre, double reach, size_t taps, size_t *first, float *weights) {
    const double start = floor(centre - reach + 0.5);
    *first = snn_min(start > 0 ? (size_t)start : 0, in - taps);
    double sum = 0;
    for (size_t t = 0; t < taps; t++) sum += triangle(*first + t, centre, reach);
    for (size_t t = 0; t < taps; t++) weights[t] = (float)(triangle(*first + t, centre, reach) / sum);
}

static resize_axis make_axis(size_t in, size_t out, void *memory) {
    resize_axis axis = {.taps = most_taps(in, out), .first = memory, .weights = (float *)((size_t *)memory + out)};
    for (size_t i = 0; i < out; i++) {
        const double centre = ((double)i + 0.5) * (double)in / (double)out;
        fill_weights(in, centre, reach(in, out), axis.taps, &axis.first[i], axis.weights + i * axis.taps);
    }
    return axis;
}

static size_t line_size(const snn_resize_shape *shape) {
    return snn_round_up(shape->width * shape->channels * sizeof(float), SNN_ALIGNMENT);
}

size_t snn_resize_workspace_size(const snn_resize_shape *shape) {
    return axis_size(shape->height, shape->out_height) + axis_size(shape->width, shape->out_width) +
           (size_t)snn_most_threads() * line_size(shape);
}

/// The rows of an image under row y of the new one, blended.
static void blend_rows(const resize_plan *plan, const float *image, size_t y, float *restrict line) {
    const size_t count = plan->shape->width * plan->shape->channels;
    const float *weights = plan->height.weights + y * plan->height.taps;
    memset(line, 0, count * sizeof(float));
    for (size_t tap = 0; tap < plan->height.taps; tap++) {
        if (weights[tap] == 0) continue;
        const float *row = image + (plan->height.first[y] + tap) * count;
        for (size_t i = 0; i < count; i++) line[i] += weights[tap] * row[i];
    }
}

static void blend_columns(const resize_plan *plan, const float *line, float *restrict out) {
    const size_t channels = plan->shape->channels;
    for (size_t x = 0; x < plan->shape->out_width; x++) {
        const float *weights = plan->width.weights + x * plan->width.taps;
        const float *pixels = line + plan->width.first[x] * channels;
        for (size_t c = 0; c < channels; c++) {
            float sum = 0;
            for (size_t tap = 0; tap < plan->width.taps; tap++) {
                sum += weights[tap] == 0 ? 0 : weights[tap] * pixels[tap * channels + c];
            }
            out[x * channels + c] = sum;
        }
    }
}

void snn_resize(const snn_resize_shape *shape, const float *x, float *y, void *workspace) {
    const size_t image = shape->height * shape->width * shape->channels, row = shape->out_width * shape->channels;
    const size_t rows = shape->batch * shape->out_height;
    if (image == 0 || row == 0 || rows == 0) return;
    char *memory = workspace;
    const resize_plan plan = {
        .shape = shape,
        .height = make_axis(shape->height, shape->out_height, memory),
        .width = make_axis(shape->width, shape->out_width, memory + axis_size(shape->height, shape->out_height)),
    };
    char *lines = memory + axis_size(shape->height, shape->out_height) + axis_size(shape->width, shape->out_width);
    const size_t work = rows * (plan.height.taps * shape->width + plan.width.taps * shape->out_width) * shape->channels;
    const size_t workers = snn_min((size_t)snn_threads_for(work), (size_t)snn_most_threads());
    SNN_PARALLEL_FOR_BY(workers, worker, r, rows, {
        float *line = (float *)(lines + worker * line_size(shape));
        blend_rows(&plan, x + r / shape->out_height * image, r % shape->out_height, line);
        blend_columns(&plan, line, y + r * row);
    });
}
