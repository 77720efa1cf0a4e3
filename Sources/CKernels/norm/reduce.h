// Column sums in two levels: each chunk of rows leaves partial sums in the workspace, and these are added in the order
// of the chunks, in double precision. Chunks follow from the shape alone, so the threads do not change a bit.
#ifndef SNN_REDUCE_H
#define SNN_REDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/// Columns reduced by one thread at a time; enough of them to fill cache lines.
#define SNN_REDUCE_COLUMNS 64

/// totals[j] = sum over the chunks of partial[chunk * columns + first + j], for `count` <= SNN_REDUCE_COLUMNS.
static inline void snn_reduce_chunks(
    size_t chunks, size_t columns, size_t first, size_t count, const float *partial, double *totals) {
    for (size_t j = 0; j < count; j++) totals[j] = 0;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const float *row = partial + chunk * columns + first;
        for (size_t j = 0; j < count; j++) totals[j] += (double)row[j];
    }
}

/// The gradient of a parameter: overwritten or added to; NULL where nobody asked.
static inline void snn_write_gradient(size_t count, const double *values, bool accumulate, float *gradient) {
    if (gradient == NULL) return;
    for (size_t j = 0; j < count; j++) gradient[j] = (float)(values[j] + (accumulate ? (double)gradient[j] : 0));
}

/// The gradients of two parameters of a layer that saw no rows.
static inline void snn_write_empty_gradients(size_t count, bool accumulate, float *first, float *second) {
    if (accumulate) return;
    if (first != NULL) memset(first, 0, count * sizeof(float));
    if (second != NULL) memset(second, 0, count * sizeof(float));
}

#endif
