// The table of micro-kernels: one column an instruction set, filled at compile time, chosen once at run time.
// Drivers call snn_kernels()->... ; everything that depends on the instruction set is behind it.
#ifndef SNN_KERNEL_TABLE_H
#define SNN_KERNEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conv/conv_tile.h"
#include "conv/winograd_transforms.h"
#include "gemm/tile.h"
#include "optimizer/adam_update.h"
#include "norm/norm_tile.h"
#include "pool/window.h"
#include "swiftnn/activation.h"
#include "swiftnn/gemm.h"
#include "swiftnn/optimizer.h"

typedef struct {
    size_t width;         ///< floats a vector
    size_t tile_rows;     ///< rows of a register tile
    size_t tile_columns;  ///< columns of a register tile, and the width of a packed panel

    // gemm
    void (*gemm_tile)(const snn_tile *tile);
    void (*gemm_indirect_tile)(const snn_indirect_tile *tile);
    /// A block of C = alpha * A * op(B), from so many rows of A and, as it is stored, transposed, of B.
    void (*gemm_dots)(
        const snn_gemm_shape *shape, size_t rows, size_t columns, const float *a, const float *b, float *c);
    void (*gemm_grid_tile)(const snn_grid_tile *tile);

    // layout
    /// Copies `rows` rows of `columns` numbers, x_row apart, to lie behind one another.
    void (*copy_rows)(size_t rows, size_t columns, const float *x, size_t x_row, float *out);
    void (*transpose)(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row);

    // conv
    /// Copies `columns` (at most tile_columns) numbers of each of `rows` rows, `stride` apart, into a panel.
    void (*panel_copy)(size_t rows, size_t columns, const float *source, size_t stride, float *panel);
    void (*weight_gradient_tile)(const snn_weight_gradient_tile *tile);
    void (*depthwise_tile)(const snn_depthwise_tile *tile);
    void (*depthwise_gradient)(const snn_depthwise_gradient *sum);
    /// By so many taps a side.
    const snn_winograd_transforms *winograd_large_by_three, *winograd_by_three, *winograd_small_by_three;
    const snn_winograd_transforms *winograd_by_two;

    // activation
    void (*activation_forward)(snn_activation activation, size_t count, const float *x, float *y);
    void (*activation_backward)(snn_activation activation, size_t count, const float *x, const float *dy, float *dx);
    void (*activation_backward_from_output)(
        snn_activation activation, size_t count, const float *y, const float *dy, float *dx);
    void (*prelu_forward)(size_t rows, size_t channels, const float *x, const float *slope, float *y);
    void (*prelu_backward)(
        size_t rows, size_t channels, const float *x, const float *slope, const float *dy, float *dx, float *dslope);
    double (*prelu_slope_gradient)(size_t count, const float *x, const float *dy);

    // elementwise
    void (*add)(size_t count, const float *a, const float *b, float *out);
    void (*scale)(size_t count, float factor, const float *a, float *out);
    void (*axpy)(size_t count, float factor, const float *x, float *y);
    void (*lerp)(size_t count, float part, const float *x, float *y);
    void (*multiply)(size_t count, const float *a, const float *b, float *out);
    void (*clamp)(size_t count, float low, float high, const float *a, float *out);
    void (*fill)(size_t count, float value, float *out);
    double (*sum_squares)(size_t count, const float *x);
    bool (*all_finite)(size_t count, const float *x);

    // column sums (rows of x start x_row apart)
    void (*column_sums)(size_t rows, size_t columns, const float *x, size_t x_row, bool accumulate, float *sums);

    // image (scale and shift repeat every `period` numbers)
    void (*bytes_to_float)(
        size_t count, size_t period, const uint8_t *x, const float *scale, const float *shift, float *out);
    void (*byte_sums)(size_t rows, size_t columns, const uint8_t *x, size_t x_row, uint32_t *sums, uint32_t *squares);

    // bfloat16
    void (*round_to_bfloat16)(size_t count, const float *x, float *out);
    void (*narrow_to_bfloat16)(size_t count, const float *x, uint16_t *out);
    void (*widen_bfloat16)(size_t count, const uint16_t *x, float *out);

    // augment
    void (*mix)(size_t count, float own, float *a, float *b);

    // optimizer
    void (*sgd_step)(const snn_sgd *options, size_t count, const float *gradient, float *velocity, float *weights);
    void (*adam_step)(const snn_adam_update *update, size_t count, const float *gradient, float *first, float *second,
        float *max_second, float *weights);
    void (*rmsprop_step)(const snn_rmsprop *options, size_t count, const float *gradient, float *square_average,
        float *gradient_average, float *velocity, float *weights);

    // peak
    float (*multiply_add)(size_t rounds, size_t *operations_per_round);
    // loss (each returns its unscaled sum; gradients may be NULL)
    void (*softmax_forward)(size_t rows, size_t classes, const float *x, float *y);
    void (*softmax_backward)(size_t rows, size_t classes, const float *y, const float *dy, float *dx);
    void (*log_softmax_forward)(size_t rows, size_t classes, const float *x, float *y);
    void (*log_softmax_backward)(size_t rows, size_t classes, const float *y, const float *dy, float *dx);
    double (*cross_entropy)(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
        const int32_t *labels, float *dlogits);
    double (*cross_entropy_soft)(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
        const float *targets, float *dlogits);
    double (*mse)(size_t count, float factor, const float *x, const float *targets, float *dx);
    double (*bce_with_logits)(size_t count, float factor, const float *x, const float *targets, float *dx);

    // random (of the bits, whole vectors are read)
    void (*random_bits)(uint64_t seed, uint64_t offset, size_t count, uint32_t *out);
    void (*random_uniform)(size_t count, const uint32_t *bits, float low, float range, float last, float *out);
    void (*random_normal)(size_t count, const uint32_t *bits, float mean, float deviation, float *out);

    // dropout
    void (*dropout_forward)(
        size_t count, const uint32_t *bits, int32_t threshold, float factor, const float *x, float *y, uint8_t *mask);
    void (*dropout_backward)(size_t count, float factor, const uint8_t *mask, const float *dy, float *dx);

    // norm
    void (*norm_statistics)(const snn_norm_tile *tile, bool add, float *origins, float *sums, float *squares);
    void (*norm_forward)(
        const snn_norm_tile *tile, const snn_norm_coefficients *coefficients, bool relu, const snn_norm_target *target);
    void (*norm_gradient_sums)(const snn_norm_tile *tile, const snn_norm_gradient *gradient,
        const snn_norm_coefficients *forward, bool add, float *sums, float *products);
    void (*norm_backward)(const snn_norm_tile *tile, const snn_norm_gradient *gradient,
        const snn_norm_coefficients *coefficients, void *dx);
    void (*layer_norm_forward_row)(const snn_norm_shape *shape, const float *x, const float *scale, const float *shift,
        float *mean, float *inverse_deviation, float *y);
    void (*layer_norm_parameter_sums)(const snn_norm_tile *tile, const float *dy, const float *mean,
        const float *inverse_deviation, bool add, float *sums, float *products);
    void (*layer_norm_backward_row)(size_t channels, const float *x, const float *dy, const float *scale, float mean,
        float inverse_deviation, float *dx);

    // pool
    void (*max_pool_forward_row)(const snn_pool_row *row, const float *x, float *y, uint16_t *argmax);
    void (*max_pool_backward_row)(const snn_pool_row *row, const float *dy, const uint16_t *argmax, float *dx);
    void (*max_pool_forward_row_bfloat16)(const snn_pool_row *row, const uint16_t *x, uint16_t *y, uint16_t *argmax);
    void (*max_pool_backward_row_bfloat16)(
        const snn_pool_row *row, const uint16_t *dy, const uint16_t *argmax, uint16_t *dx);
    void (*average_pool_forward_row)(const snn_pool_row *row, const float *x, float *y);
    void (*average_pool_backward_row)(const snn_pool_row *row, const float *dy, float *dx);
} snn_kernel_table;

/// The table of the tier in use by the calling thread. A driver asks once, outside its parallel regions: the threads of
/// a team do not have the caller's override.
const snn_kernel_table *snn_kernels(void);

extern const snn_kernel_table snn_kernels_portable;
#if defined(__x86_64__)
extern const snn_kernel_table snn_kernels_avx2, snn_kernels_avx512;
#elif defined(__aarch64__)
extern const snn_kernel_table snn_kernels_neon;
#endif

#endif
