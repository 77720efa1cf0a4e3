// Batch normalisation (over rows, per channel) and layer normalisation (over a row).
#ifndef SWIFTNN_NORM_H
#define SWIFTNN_NORM_H

#include <stdbool.h>
#include <stddef.h>

#include "activation.h"
#include "bfloat16.h"

/// x is rows x channels: rows = batch * height * width of a channels-last image.
typedef struct {
    size_t rows, channels;
    float epsilon;
    /// Of x, y, dy and dx; of layer norm, floats. In bfloat16 the gradient in front of the activation is rounded, too.
    snn_number_format numbers;
} snn_norm_shape;

/// What batch norm found in a batch, `channels` numbers each: mean and 1 / sqrt(biased variance + epsilon), and the map
/// it applied in front of the activation, z = (x - mean) * factor + offset.
typedef struct {
    float *mean, *inverse_deviation, *factor, *offset;
} snn_batch_norm_statistics;

/// Batch norm with the statistics of this batch: y = activation((x - mean) * inverse_deviation * scale + shift +
/// addend), where `addend`, NULL or of as many numbers as x, is the other part of a residual sum; its gradient is dy in
/// front of the activation, which the backward functions then take for dy, with the identity for the activation. Writes
/// the statistics for the backward pass. running_mean and running_variance (both or neither NULL) move by `momentum`
/// towards the batch's mean and unbiased variance, as PyTorch's do; one row has no unbiased variance and leaves
/// running_variance as it is. No rows leave everything as it is. scale and shift may each be NULL (1 and 0). y may be x
/// only where the backward pass is not needed.
void snn_batch_norm_forward_training(const snn_norm_shape *shape, const void *x, const float *scale, const float *shift,
    const void *addend, snn_activation activation, float momentum, float *running_mean, float *running_variance,
    const snn_batch_norm_statistics *batch, void *y, void *workspace);

/// Batch norm with given statistics. y may be x or addend.
void snn_batch_norm_forward_inference(const snn_norm_shape *shape, const void *x, const float *scale,
    const float *shift, const float *running_mean, const float *running_variance, const void *addend,
    snn_activation activation, void *y);

/// The gradient of snn_batch_norm_forward_training. dscale and dshift are overwritten, or added to where accumulate;
/// each may be NULL. dx may be dy; dx may be NULL where only the parameters' gradients are wanted.
void snn_batch_norm_backward(const snn_norm_shape *shape, const void *x, const void *dy,
    const snn_batch_norm_statistics *batch, snn_activation activation, bool accumulate, void *dx, float *dscale,
    float *dshift, void *workspace);

/// The gradient of snn_batch_norm_forward_inference (statistics are constants); the rest as above.
void snn_batch_norm_backward_inference(const snn_norm_shape *shape, const void *x, const void *dy, const float *scale,
    const float *shift, const float *running_mean, const float *running_variance, snn_activation activation,
    bool accumulate, void *dx, float *dscale, float *dshift, void *workspace);

/// Workspace for each of the batch norm functions that takes one.
size_t snn_batch_norm_workspace_size(const snn_norm_shape *shape);

/// Layer norm over each row of `channels` numbers: y = (x - mean) * inverse_deviation * scale + shift; mean and
/// inverse_deviation have `rows` numbers. scale and shift (`channels` numbers) may be NULL.
void snn_layer_norm_forward(const snn_norm_shape *shape, const float *x, const float *scale, const float *shift,
    float *mean, float *inverse_deviation, float *y);

/// dscale and dshift are overwritten, or added to where accumulate; each may be NULL. dx may be dy; dx may be NULL.
void snn_layer_norm_backward(const snn_norm_shape *shape, const float *x, const float *dy, const float *scale,
    const float *mean, const float *inverse_deviation, bool accumulate, float *dx, float *dscale, float *dshift,
    void *workspace);
size_t snn_layer_norm_workspace_size(const snn_norm_shape *shape);

#endif
