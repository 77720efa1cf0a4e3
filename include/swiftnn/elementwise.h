// Sums, scalings and norms over flat arrays.
#ifndef SWIFTNN_ELEMENTWISE_H
#define SWIFTNN_ELEMENTWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// out = a + b; out may be either.
void snn_add(size_t count, const float *a, const float *b, float *out);

/// The same on bfloat16 numbers at 16 bits.
void snn_add_bfloat16(size_t count, const uint16_t *a, const uint16_t *b, uint16_t *out);

/// out = factor * a; out may be a.
void snn_scale(size_t count, float factor, const float *a, float *out);

/// y = y + factor * x.
void snn_axpy(size_t count, float factor, const float *x, float *y);

/// y = y + part * (x - y); exactly y where both are equal or `part` is 0, exactly x where it is 1.
void snn_lerp(size_t count, float part, const float *x, float *y);

/// out = a * b; out may be either.
void snn_multiply(size_t count, const float *a, const float *b, float *out);

/// out = a limited to low ... high; NaN stays NaN; out may be a.
void snn_clamp(size_t count, float low, float high, const float *a, float *out);

/// out[i] = value.
void snn_fill(size_t count, float value, float *out);

/// Sum of squares, accumulated in double in an order that does not depend on the threads.
/// workspace: snn_sum_squares_workspace_size bytes, at most 512 for any count, aligned as
/// double is.
double snn_sum_squares(size_t count, const float *x, void *workspace);
size_t snn_sum_squares_workspace_size(size_t count);

/// Whether every number is finite.
bool snn_all_finite(size_t count, const float *x);

#endif
