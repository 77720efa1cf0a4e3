// The register tile: where products of floats are summed, for matrix products and convolutions alike.
#ifndef SNN_TILE_H
#define SNN_TILE_H

#include <stdbool.h>
#include <stddef.h>

/// The largest tile of any tier.
#define SNN_MAX_TILE_ROWS 14
#define SNN_MAX_TILE_COLUMNS 32

/// C = alpha * A * B + beta * C + bias, for rows <= tile_rows and columns <= tile_columns of the tier. A is read by
/// broadcasts at a + i * a_row + k * a_depth, one of which distances is 1, B by vectors at b + k * b_depth.
typedef struct {
    size_t rows, columns, depth;
    const float *a;
    size_t a_row, a_depth;
    const float *next_a;  ///< where the next tile's numbers begin, lying as this one's do: fetched; or NULL
    const float *b;
    size_t b_depth;
    const float *ahead;  ///< fetched, ahead_depth floats on for every step along the depth; or NULL: B is, some rows on
    size_t ahead_depth;
    bool b_packed;  ///< rows of B are tile_columns apart and may be read to their end (packed panels)
    float *c;
    size_t c_row;
    float alpha, beta;  ///< with beta = 0, C is not read
    const float *bias;  ///< `columns` numbers, or NULL
} snn_tile;

/// A convolution's sum, beta * C + bias + sum over `taps` of A * B, with a pointer for every row of A in every tap and
/// for every row of C: an indirection that serves any stride, padding (a row of zeros) and dilation without copying the
/// input. B is a packed panel; the weights of tap t start at b + b_tap[t] * depth * tile_columns.
typedef struct {
    size_t rows, columns, depth;
    size_t taps;
    const float *const *a;  ///< taps x rows pointers; `depth` contiguous numbers are read a_offset after each
    size_t a_offset;
    const float *b;
    const size_t *b_tap;
    float *const *c;  ///< `rows` pointers; `columns` numbers are written c_offset after each
    size_t c_offset;
    float beta;  ///< with beta = 0, C is not read
    const float *bias;
} snn_indirect_tile;

/// The same sum for any number of pixels that lie equally far apart, over a rectangle of taps that lie inside the
/// source for all of them: every place follows from a few distances.
typedef struct {
    size_t rows, columns, depth;
    size_t tap_rows, tap_columns;
    const float *a;  ///< `depth` contiguous numbers are read for every row and tap
    size_t a_row;
    ptrdiff_t a_down, a_right;  ///< floats from one tap to the one below, and to its right
    const float *b;             ///< a packed panel, from the first tap on
    size_t b_down, b_right;
    float *c;
    size_t c_row;
    float beta;  ///< with beta = 0, C is not read
    const float *bias;
} snn_grid_tile;

#endif
