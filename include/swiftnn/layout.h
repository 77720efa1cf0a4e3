// Changes of memory order.
#ifndef SWIFTNN_LAYOUT_H
#define SWIFTNN_LAYOUT_H

#include <stddef.h>

/// out[b][c][r] = x[b][r][c] for each of `batch` matrices of rows x columns: with rows = channels and columns = height
/// * width this turns channels-first into channels-last, with the two exchanged it turns back.
void snn_transpose(size_t batch, size_t rows, size_t columns, const float *x, float *out);

#endif
