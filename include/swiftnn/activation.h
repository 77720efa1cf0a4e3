// Activation functions and their derivatives.
#ifndef SWIFTNN_ACTIVATION_H
#define SWIFTNN_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    SNN_IDENTITY = 0,     ///< x
    SNN_BINARY_STEP = 1,  ///< 0 for x < 0, else 1; derivative 0
    SNN_SIGMOID = 2,      ///< 1 / (1 + exp(-x))
    SNN_TANH = 3,
    SNN_ARCTAN = 4,
    SNN_RELU = 5,
    SNN_LEAKY_RELU = 6,    ///< x for x > 0, else parameter * x
    SNN_ELU = 7,           ///< x for x > 0, else parameter * (exp(x) - 1)
    SNN_GELU = 8,          ///< x * Phi(x), exact (erf)
    SNN_GELU_SIGMOID = 9,  ///< x * sigmoid(1.702 x)
    SNN_GELU_TANH = 10,    ///< 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
    SNN_SILU = 11,         ///< x * sigmoid(x)
    SNN_SOFTPLUS = 12,     ///< log(1 + exp(x))
} snn_activation_kind;

/// A function and the number in it.
typedef struct {
    snn_activation_kind kind;
    float parameter;  ///< slope of leaky ReLU, alpha of ELU; others ignore it
} snn_activation;

/// Whether the derivative can be computed from the output alone (so that the input need not be kept).
/// True for identity, step, sigmoid, tanh, ReLU, leaky ReLU with a positive slope, softplus. Of ELU, whose alpha + y
/// would cancel, it is not.
bool snn_activation_invertible(snn_activation activation);

/// y[i] = f(x[i]); y may be x.
void snn_activation_forward(snn_activation activation, size_t count, const float *x, float *y);

/// dx[i] = dy[i] * f'(x[i]); dx may be dy.
void snn_activation_backward(snn_activation activation, size_t count, const float *x, const float *dy, float *dx);

/// The same from the output y of an invertible activation; dx may be dy.
void snn_activation_backward_from_output(
    snn_activation activation, size_t count, const float *y, const float *dy, float *dx);

/// Of the sum of two arrays in one pass: out = f(a + b); out may be either.
void snn_activation_forward_of_sum(snn_activation activation, size_t count, const float *a, const float *b, float *out);

/// And from gradients that add up: dx[i] = (a[i] + b[i]) * f', from the output y; dx may be either.
void snn_activation_backward_of_sum(
    snn_activation activation, size_t count, const float *y, const float *a, const float *b, float *dx);

/// The same on bfloat16 numbers at 16 bits.
void snn_activation_forward_bfloat16(snn_activation activation, size_t count, const uint16_t *x, uint16_t *y);
void snn_activation_backward_bfloat16(
    snn_activation activation, size_t count, const uint16_t *x, const uint16_t *dy, uint16_t *dx);
void snn_activation_backward_from_output_bfloat16(
    snn_activation activation, size_t count, const uint16_t *y, const uint16_t *dy, uint16_t *dx);
void snn_activation_forward_of_sum_bfloat16(
    snn_activation activation, size_t count, const uint16_t *a, const uint16_t *b, uint16_t *out);
void snn_activation_backward_of_sum_bfloat16(
    snn_activation activation, size_t count, const uint16_t *y, const uint16_t *a, const uint16_t *b, uint16_t *dx);

/// PReLU on rows of channels: y = x for x > 0, else slope[c] * x. `slopes` is 1 or `channels` numbers long.
void snn_prelu_forward(size_t rows, size_t channels, size_t slopes, const float *x, const float *slope, float *y);

/// dx and the gradient of the slopes (overwritten, or added to where accumulate).
/// workspace: snn_prelu_workspace_size bytes.
void snn_prelu_backward(size_t rows, size_t channels, size_t slopes, const float *x, const float *slope,
    const float *dy, float *dx, bool accumulate, float *dslope, void *workspace);
size_t snn_prelu_workspace_size(size_t rows, size_t channels);

#endif
