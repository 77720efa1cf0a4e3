// Optimizer updates, one call per parameter tensor. `gradient_scale` multiplies the gradient first (clipping).
#ifndef SWIFTNN_OPTIMIZER_H
#define SWIFTNN_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>

/// g = gradient_scale * gradient (+ weight_decay * w where coupled)
/// momentum != 0: v = first_step ? g : momentum * v + (1 - dampening) * g;   g = nesterov ? g + momentum * v : v
/// w = w * (decoupled ? 1 - rate * weight_decay : 1) - rate * g.       (torch.optim.SGD; decoupled as in SGDW)
/// velocity_of_steps: the same with -rate * g in place of g, and w + g in place of w - rate * g: v is the last change
/// of w.
typedef struct {
    float rate, momentum, dampening, weight_decay, gradient_scale;
    bool nesterov, decoupled, velocity_of_steps, first_step;
} snn_sgd;
/// velocity may be NULL where momentum is 0.
void snn_sgd_step(const snn_sgd *options, size_t count, const float *gradient, float *velocity, float *weights);

/// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019), as torch.optim does them: coupled or decoupled
/// weight decay; step counts from 1; max_second is the running maximum of AMSGrad, or NULL.
/// w = w - rate * m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + epsilon).
typedef struct {
    float rate, beta1, beta2, epsilon, weight_decay, gradient_scale;
    bool decoupled;
    size_t step;
} snn_adam;
/// first and second are m and v; they and max_second start as 0.
void snn_adam_step(const snn_adam *options, size_t count, const float *gradient, float *first, float *second,
    float *max_second, float *weights);

/// torch.optim.RMSprop: s = smoothing * s + (1 - smoothing) * g^2; centered subtracts the square of the mean gradient a
/// (NULL where not centered); d = sqrt(s [- a^2]) + epsilon; momentum != 0: v = momentum * v + g / d; w -= rate * v,
/// else w -= rate * g / d. velocity may be NULL where momentum is 0.
typedef struct {
    float rate, smoothing, epsilon, weight_decay, momentum, gradient_scale;
} snn_rmsprop;
/// square_average is s, gradient_average a; all states start as 0.
void snn_rmsprop_step(const snn_rmsprop *options, size_t count, const float *gradient, float *square_average,
    float *gradient_average, float *velocity, float *weights);

/// Muon (Jordan 2024, "Muon: an optimizer for hidden layers in neural networks") on a matrix of weights:
/// v = momentum * v + g;  u = nesterov ? g + momentum * v : v;  w = w * (1 - rate * weight_decay)
/// - rate * sqrt(max(1, rows / columns)) * orthogonalised(u), by `iterations` of Newton-Schulz's method on u / |u|,
/// X = a X + (b X X' + c (X X')^2) X, which moves all singular values to between about 0.7 and 1.2.
/// bfloat16: the method's matrices are rounded to bfloat16, as in Jordan's own; its sums are not.
/// normalize_weights: before the step w = w * sqrt(rows) / |w|, for weights whose scale a norm behind them takes away.
/// workspace: snn_muon_workspace_size bytes.
typedef struct {
    float rate, momentum, weight_decay, gradient_scale;
    bool nesterov, normalize_weights, bfloat16;
    size_t iterations;
} snn_muon;
/// One step of a rows x columns matrix; gradient, velocity (0 at the start) and weights have its order.
void snn_muon_step(const snn_muon *options, size_t rows, size_t columns, const float *gradient, float *velocity,
    float *weights, void *workspace);
size_t snn_muon_workspace_size(const snn_muon *options, size_t rows, size_t columns);

#endif
