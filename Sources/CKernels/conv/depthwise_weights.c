// The weight gradient of a depthwise convolution: the output pixels are cut into blocks that stay in cache from tap to
// tap, and shared out as chunks of blocks, each with sums of its own that are added up at the end.
#include "conv/depthwise.h"
#include "conv/packing.h"
#include "conv/pixel_blocks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

typedef struct {
    conv_geometry geometry;
    conv_packing packing;  ///< the order of the sums
    const snn_kernel_table *kernels;
    const float *x, *dy;
    pixel_blocks blocks;
    size_t chunks, sums_size;  ///< floats of a chunk
    float *sums;
} depthwise_gradient_plan;

static depthwise_gradient_plan make_plan(const snn_conv_shape *shape) {
    depthwise_gradient_plan plan = {
        .geometry = conv_forward_geometry(shape),
        .packing = conv_forward_packing(shape),
        .kernels = snn_kernels(),
    };
    const conv_geometry *geometry = &plan.geometry;
    const size_t pixel_floats = (size_t)(geometry->height.step * geometry->width.step) * geometry->source_channels +
                                geometry->target_channels + 1;
    const size_t fitting = snn_l2_cache_size() / 2 / (pixel_floats * sizeof(float));
    const size_t all = geometry->batch * geometry->height.positions * geometry->width.positions;
    plan.blocks = pixel_blocks_of(geometry, snn_max(128, snn_min(fitting, all / SNN_WANTED_CHUNKS)));
    plan.chunks = snn_min(SNN_WANTED_CHUNKS, plan.blocks.count);
    plan.sums_size = conv_packing_size(&plan.packing);
    return plan;
}

/// Adds one block to all taps of one output of every channel.
static void add_block(
    const depthwise_gradient_plan *plan, const pixel_block *block, bool first_block, size_t output, float *sums) {
    const conv_geometry *geometry = &plan->geometry;
    const conv_axis *height = &geometry->height, *width = &geometry->width;
    const size_t taps = height->taps * width->taps, source_line = width->source_size * geometry->source_channels;
    const size_t target_line = width->positions * geometry->target_channels;
    snn_depthwise_gradient sum = {
        .channels = geometry->columns,
        .a_image = height->source_size * source_line,
        .a_line = (size_t)height->step * source_line,
        .a_pixel = (size_t)width->step * geometry->source_channels,
        .b_image = height->positions * target_line,
        .b_line = target_line,
        .b_pixel = geometry->target_channels,
        .b_lane = geometry->target_lane,
        .beta = first_block ? 0 : 1,
    };
    for (size_t tap = 0; tap < taps; tap++) {
        const tap_pixels pixels = pixel_block_tap(geometry, block, tap);
        if (pixels.images == 0 && !first_block) continue;
        sum.images = pixels.images;
        if (pixels.images > 0) {
            sum.lines = pixels.lines;
            sum.pixels = pixels.columns;
            const size_t row = (size_t)conv_axis_source(height, pixels.first_line, tap / width->taps);
            const size_t column = (size_t)conv_axis_source(width, pixels.first_column, tap % width->taps);
            sum.a = plan->x + block->first_image * sum.a_image + row * source_line + column * geometry->source_channels;
            sum.b = plan->dy + block->first_image * sum.b_image + pixels.first_line * sum.b_line +
                    pixels.first_column * sum.b_pixel + output * geometry->target_group;
        }
        sum.c = sums + (output * taps + tap) * geometry->columns;
        plan->kernels->depthwise_gradient(&sum);
    }
}

static void add_chunk(const depthwise_gradient_plan *plan, size_t chunk) {
    const size_t first = plan->blocks.count * chunk / plan->chunks;
    const size_t end = plan->blocks.count * (chunk + 1) / plan->chunks;
    for (size_t b = first; b < end; b++) {
        const pixel_block block = pixel_block_at(&plan->geometry, &plan->blocks, b);
        for (size_t output = 0; output < plan->geometry.groups; output++) {
            add_block(plan, &block, b == first, output, plan->sums + chunk * plan->sums_size);
        }
    }
}

size_t depthwise_weights_workspace_size(const snn_conv_shape *shape) {
    const depthwise_gradient_plan plan = make_plan(shape);
    return plan.chunks * plan.sums_size * sizeof(float);
}

void depthwise_backward_weights(
    const snn_conv_shape *shape, const float *x, const float *dy, bool accumulate, float *dweights, void *workspace) {
    depthwise_gradient_plan plan = make_plan(shape);
    plan.x = x;
    plan.dy = dy;
    plan.sums = workspace;
    SNN_PARALLEL_FOR(snn_threads_for_products(conv_products(shape)), chunk, plan.chunks, { add_chunk(&plan, chunk); });
    conv_unpack_sums(&plan.packing, plan.chunks, plan.sums, accumulate, dweights);
}
