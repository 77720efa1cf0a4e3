// Every micro-kernel of one tier, and its column of the kernel table. Included by each tier_*.c after the header of
// its instruction set, inside its target pragma; SNN_TIER_TABLE names the column.
#include "simd/lanes.h"
#include "simd/math.h"
#include "simd/transpose.h"

#include "activation/activation_kernels.h"
#include "activation/prelu_kernels.h"
#include "augment/mix_kernels.h"
#include "bfloat16/bfloat16_kernels.h"
#include "elementwise/elementwise_kernels.h"
#include "gemm/column_sums_kernels.h"
#include "gemm/dot_kernels.h"
#include "gemm/gemm_kernels.h"
#include "image/image_kernels.h"
#include "layout/layout_kernels.h"
#include "optimizer/optimizer_kernels.h"
#include "peak/peak_kernels.h"
#include "loss/softmax_kernels.h"
#include "loss/cross_entropy_kernels.h"
#include "loss/pointwise_kernels.h"
#include "random/random_kernels.h"

#include "conv/conv_kernels.h"
#include "conv/winograd_kernels.h"
#include "dropout/dropout_kernels.h"
#include "norm/norm_kernels.h"
#include "pool/pool_kernels.h"

const snn_kernel_table SNN_TIER_TABLE = {
    .width = SIMD_WIDTH,
    .tile_rows = SIMD_TILE_ROWS,
    .tile_columns = SIMD_TILE_COLUMNS,

    .gemm_tile = gemm_tile,
    .gemm_indirect_tile = gemm_indirect_tile,
    .gemm_dots = gemm_dots,
    .gemm_grid_tile = gemm_grid_tile,

    .copy_rows = copy_rows,
    .transpose = transpose,

    .panel_copy = panel_copy,
    .weight_gradient_tile = weight_gradient_tile,
    .depthwise_tile = depthwise_tile,
    .depthwise_gradient = depthwise_gradient,
    .winograd_large_by_three = &winograd_transforms_10,
    .winograd_by_three = &winograd_transforms_6,
    .winograd_small_by_three = &winograd_transforms_4,
    .winograd_by_two = &winograd_transforms_5,

    .activation_forward = activation_forward,
    .activation_backward = activation_backward,
    .activation_backward_from_output = activation_backward_from_output,
    .prelu_forward = prelu_forward,
    .prelu_backward = prelu_backward,
    .prelu_slope_gradient = prelu_slope_gradient,

    .add = add,
    .scale = scale,
    .axpy = axpy,
    .lerp = lerp,
    .multiply = multiply,
    .clamp = clamp,
    .fill = fill,
    .sum_squares = sum_squares,
    .all_finite = all_finite,

    .column_sums = column_sums,

    .bytes_to_float = bytes_to_float,
    .byte_sums = byte_sums,

    .round_to_bfloat16 = round_to_bfloat16,
    .narrow_to_bfloat16 = narrow_to_bfloat16,
    .widen_bfloat16 = widen_bfloat16,

    .mix = mix,

    .sgd_step = sgd_step,
    .adam_step = adam_step,
    .rmsprop_step = rmsprop_step,

    .multiply_add = multiply_add,
    .softmax_forward = softmax_forward,
    .softmax_backward = softmax_backward,
    .log_softmax_forward = log_softmax_forward,
    .log_softmax_backward = log_softmax_backward,
    .cross_entropy = cross_entropy,
    .cross_entropy_soft = cross_entropy_soft,
    .mse = mse,
    .bce_with_logits = bce_with_logits,

    .random_bits = random_bits,
    .random_uniform = random_uniform,
    .random_normal = random_normal,

    .dropout_forward = dropout_forward,
    .dropout_backward = dropout_backward,

    .norm_statistics = norm_statistics,
    .norm_forward = norm_forward,
    .norm_gradient_sums = norm_gradient_sums,
    .norm_backward = norm_backward,
    .layer_norm_forward_row = layer_norm_forward_row,
    .layer_norm_parameter_sums = layer_norm_parameter_sums,
    .layer_norm_backward_row = layer_norm_backward_row,

    .max_pool_forward_row = max_pool_forward_row,
    .max_pool_backward_row = max_pool_backward_row,
    .max_pool_forward_row_bfloat16 = max_pool_forward_row_bfloat16,
    .max_pool_backward_row_bfloat16 = max_pool_backward_row_bfloat16,
    .average_pool_forward_row = average_pool_forward_row,
    .average_pool_backward_row = average_pool_backward_row,
};
