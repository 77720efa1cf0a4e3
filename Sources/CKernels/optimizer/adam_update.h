// Adam's options as its micro-kernel takes them: what depends on the step only is computed once.
#ifndef SNN_ADAM_UPDATE_H
#define SNN_ADAM_UPDATE_H

/// g = gradient_scale * gradient + coupled_decay * w;  m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) *
/// g^2;  w = kept * w - rate * m / (sqrt(v) * second_correction + epsilon).
typedef struct {
    float gradient_scale, coupled_decay, kept;
    float beta1, beta2, epsilon;
    float rate;               ///< over 1 - beta1^step
    float second_correction;  ///< 1 / sqrt(1 - beta2^step)
} snn_adam_update;

#endif
