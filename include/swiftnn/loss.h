// Softmax and losses, on rows of `classes` numbers.
#ifndef SWIFTNN_LOSS_H
#define SWIFTNN_LOSS_H

#include <stddef.h>
#include <stdint.h>

/// y = exp(x) / sum(exp(x)) in each row, computed from x - max(x); y may be x.
void snn_softmax_forward(size_t rows, size_t classes, const float *x, float *y);
/// dx = y * (dy - sum(dy * y)); dx may be dy.
void snn_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx);
/// y = x - log(sum(exp(x))) in each row, computed from x - max(x); y may be x.
void snn_log_softmax_forward(size_t rows, size_t classes, const float *x, float *y);
/// dx = dy - exp(y) * sum(dy); dx may be dy.
void snn_log_softmax_backward(size_t rows, size_t classes, const float *y, const float *dy, float *dx);

/// Bytes of workspace for each loss below.
size_t snn_loss_workspace_size(size_t rows, size_t classes);

/// Cross-entropy from logits by log-sum-exp, with label smoothing s: the target distribution is
/// (1 - s) * onehot(label) + s / classes. Returns the sum of the rows' losses times `scale` (1 / rows for a mean) and
/// writes dlogits (where not NULL; it may be logits) times `scale`. Labels must be in 0 ..< classes: see
/// snn_labels_valid.
double snn_cross_entropy(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
    const int32_t *labels, float *dlogits, void *workspace);

/// The same with a target distribution per row (rows x classes): (1 - s) * target + s / classes.
double snn_cross_entropy_soft(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
    const float *targets, float *dlogits, void *workspace);

/// Index of the first label outside 0 ..< classes, or `rows` where all are inside.
size_t snn_labels_valid(size_t rows, size_t classes, const int32_t *labels);

/// How many rows have their largest logit (the first of equals) at the label. A row with a NaN does not count, nor one
/// with a label out of range.
size_t snn_count_correct(size_t rows, size_t classes, const float *logits, const int32_t *labels);

/// scale * sum (x - t)^2, and dx = 2 * scale * (x - t) where not NULL.
double snn_mse(size_t count, float scale, const float *x, const float *targets, float *dx, void *workspace);

/// Binary cross-entropy from logits: scale * sum (max(x, 0) - x t + log(1 + exp(-|x|))), and dx = scale * (sigmoid(x) -
/// t).
double snn_bce_with_logits(size_t count, float scale, const float *x, const float *targets, float *dx, void *workspace);

#endif
