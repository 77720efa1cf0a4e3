#include "conv/planes.h"

#include <string.h>

#include "conv/pixel_blocks.h"
#include "gemm/epilogue.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

bool conv_prefers_planes(const snn_conv_shape *shape) {
    const size_t width = snn_kernels()->width, channels = shape->out_channels;
    return conv_is_folded(shape) && shape->in_channels == 1 && shape->stride_width == 1 && channels > 0 &&
           shape->stride_height == 1 && 2 * channels < width && conv_fills_vectors(snn_conv_out_width(shape), width);
}

typedef struct {
    const conv_geometry *geometry;
    const conv_operands *operands;
    const snn_kernel_table *kernels;
} planes_plan;

/// Some pixels of one output line: the weights, a row a channel, times the source, a row for every tap. The tile of
/// weight gradients takes rows of the source from wherever its loops, here over the taps, lead.
static void sum_pixels(const planes_plan *plan, const float *source, size_t first_tap, size_t taps, size_t first,
    size_t pixels, float *line) {
    const conv_geometry *geometry = plan->geometry;
    const size_t channels = geometry->columns, width = plan->kernels->tile_columns;
    const float *bias = snn_epilogue_bias(plan->operands->epilogue, 0);
    float planes[SNN_MAX_TILE_ROWS][SNN_MAX_TILE_COLUMNS];
    for (size_t c = 0; bias != NULL && c < channels; c++) plan->kernels->fill(pixels, bias[c], planes[c]);
    const snn_weight_gradient_tile tile = {
        .rows = channels,
        .columns = pixels,
        .counts = {1, taps, geometry->depth},
        .a = plan->operands->packed + first_tap * geometry->depth * width,
        .a_steps = {0, geometry->depth * width, width},
        .b = source + first,
        .b_steps = {0, (size_t)geometry->height.tap_offset * geometry->width.source_size, 1},
        .ahead = source + first,
        .ahead_step = 1,
        .c = planes[0],
        .c_row = SNN_MAX_TILE_COLUMNS,
        .beta = bias != NULL ? 1 : 0,
    };
    plan->kernels->weight_gradient_tile(&tile);
    plan->kernels->transpose(channels, pixels, planes[0], SNN_MAX_TILE_COLUMNS, line + first * channels, channels);
}

static void sum_line(const planes_plan *plan, size_t index, float *line) {
    const conv_axis *height = &plan->geometry->height, *width = &plan->geometry->width;
    const size_t image = index / height->positions, i = index % height->positions;
    size_t first_tap, end_tap;
    conv_axis_taps(height, i, &first_tap, &end_tap);
    // Where the kernel meets no row at all, nothing is read.
    const size_t row = first_tap < end_tap ? (size_t)conv_axis_source(height, i, first_tap) : 0;
    const float *source = plan->operands->source + (image * height->source_size + row) * width->source_size;
    const size_t most = plan->kernels->tile_columns;
    for (size_t first = 0; first < width->positions; first += most) {
        const size_t pixels = snn_min(most, width->positions - first);
        sum_pixels(plan, source, first_tap, end_tap - first_tap, first, pixels, line);
    }
    const snn_epilogue *epilogue = plan->operands->epilogue;
    if (!snn_epilogue_activates(epilogue)) return;
    plan->kernels->activation_forward(epilogue->activation, width->positions * plan->geometry->columns, line, line);
}

void conv_planes(const snn_conv_shape *shape, const conv_geometry *geometry, const conv_operands *operands) {
    const planes_plan plan = {.geometry = geometry, .operands = operands, .kernels = snn_kernels()};
    const size_t lines = geometry->batch * geometry->height.positions;
    const size_t line = geometry->width.positions * geometry->target_channels;
    SNN_PARALLEL_FOR(
        snn_threads_for_products(conv_products(shape)), i, lines, { sum_line(&plan, i, operands->target + i * line); });
}

/// The weight gradient is of products of planes: of one of dy with the input, moved by a tap. Chunks of images have
/// sums of their own, which are added up at the end.
typedef struct {
    conv_geometry geometry;
    const snn_kernel_table *kernels;
    size_t channels, taps;  ///< weights
    size_t chunks;          ///< of images
    size_t plane;           ///< floats of a plane of dy, whose lines are as long as those of the input
    float *sums;            ///< of each chunk, as users see weights
    float *planes;          ///< of each worker
    const float *x, *dy;
} planes_gradient;

static size_t weights_of(const planes_gradient *gradient) { return gradient->channels * gradient->taps; }
static size_t planes_size(const planes_gradient *gradient) { return gradient->channels * gradient->plane; }
static size_t workers(const planes_gradient *gradient) { return snn_min(gradient->chunks, (size_t)snn_most_threads()); }

static planes_gradient make_gradient(const snn_conv_shape *shape) {
    const conv_geometry geometry = conv_forward_geometry(shape);
    return (planes_gradient){
        .geometry = geometry,
        .kernels = snn_kernels(),
        .channels = shape->out_channels,
        .taps = conv_taps(shape),
        .chunks = snn_max(snn_min(SNN_WANTED_CHUNKS, shape->batch), 1),
        .plane = geometry.height.positions * geometry.width.source_size,
    };
}

/// The planes of dy; the ends of their lines stay zero.
static void spread_planes(const planes_gradient *gradient, size_t image, float *planes) {
    const conv_geometry *geometry = &gradient->geometry;
    const size_t lines = geometry->height.positions, pixels = geometry->width.positions, channels = gradient->channels;
    for (size_t i = 0; i < lines; i++) {
        const float *line = gradient->dy + (image * lines + i) * pixels * channels;
        gradient->kernels->transpose(
            pixels, channels, line, channels, planes + i * geometry->width.source_size, gradient->plane);
    }
}

/// The products through one row of taps, all lines that meet no padding one behind the other.
static void multiply_row(
    const planes_gradient *gradient, size_t image, size_t row_of_taps, const float *planes, float *products) {
    const conv_axis *height = &gradient->geometry.height, *width = &gradient->geometry.width;
    size_t first, end;
    conv_axis_range(height, row_of_taps, &first, &end);
    if (first == end || width->positions == 0) return;
    const size_t row = (size_t)conv_axis_source(height, first, row_of_taps), columns = gradient->geometry.depth;
    const snn_gemm_shape shape = {
        .m = gradient->channels,
        .n = columns,
        .k = (end - first - 1) * width->source_size + width->positions,
        .lda = gradient->plane,
        .ldb = 1,
        .ldc = gradient->taps,
        .alpha = 1,
    };
    gradient->kernels->gemm_dots(&shape, gradient->channels, columns, planes + first * width->source_size,
        gradient->x + (image * height->source_size + row) * width->source_size, products + row_of_taps * columns);
}

static void add_image(const planes_gradient *gradient, size_t image, float *planes, float *products, float *sums) {
    spread_planes(gradient, image, planes);
    const size_t rows = gradient->geometry.height.taps;
    for (size_t row = 0; row < rows; row++) multiply_row(gradient, image, row, planes, products);
    gradient->kernels->add(weights_of(gradient), sums, products, sums);
}

/// A worker has planes, and behind them the products of an image; those that all meet padding stay zero.
static size_t worker_size(const planes_gradient *gradient) {
    return snn_round_up(planes_size(gradient) + weights_of(gradient), SNN_ALIGNMENT / sizeof(float));
}

static void add_chunk(const planes_gradient *gradient, size_t chunk, float *planes) {
    const size_t batch = gradient->geometry.batch;
    const size_t first = batch * chunk / gradient->chunks, end = batch * (chunk + 1) / gradient->chunks;
    float *sums = gradient->sums + chunk * weights_of(gradient), *products = planes + planes_size(gradient);
    memset(planes, 0, worker_size(gradient) * sizeof(float));
    memset(sums, 0, weights_of(gradient) * sizeof(float));
    for (size_t image = first; image < end; image++) add_image(gradient, image, planes, products, sums);
}

size_t conv_planes_weights_workspace_size(const snn_conv_shape *shape) {
    const planes_gradient gradient = make_gradient(shape);
    const size_t sums = gradient.chunks * weights_of(&gradient);
    return (sums + workers(&gradient) * worker_size(&gradient)) * sizeof(float);
}

void conv_planes_backward_weights(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace) {
    planes_gradient gradient = make_gradient(shape);
    gradient.x = x;
    gradient.dy = dy;
    gradient.planes = workspace;
    gradient.sums = gradient.planes + workers(&gradient) * worker_size(&gradient);
    const size_t threads = snn_min((size_t)snn_threads_for_products(conv_products(shape)), workers(&gradient));
    SNN_PARALLEL_FOR_BY(threads, worker, chunk, gradient.chunks,
        { add_chunk(&gradient, chunk, gradient.planes + worker * worker_size(&gradient)); });
    const size_t count = weights_of(&gradient);
    if (!accumulate) memset(dweights, 0, count * sizeof(float));
    for (size_t i = 0; i < gradient.chunks; i++) {
        gradient.kernels->add(count, dweights, gradient.sums + i * count, dweights);
    }
}
