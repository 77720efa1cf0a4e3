// The register tiles that only convolutions need; the others are in gemm/tile.h.
#ifndef SNN_CONV_TILE_H
#define SNN_CONV_TILE_H

#include <stdbool.h>
#include <stddef.h>

/// The most taps of a depthwise tile: as many as leave registers for what is summed.
enum { SNN_DEPTHWISE_TAPS = 9 };

/// A depthwise convolution's sum for the pixels of a line: C[c] = bias[c] (or C[c], where `accumulate`) + sum over taps
/// of A[c] * B[c], vectorised over the channels c, which lie `lane` floats apart (1, or the channel multiplier).
typedef struct {
    size_t pixels, channels;
    size_t taps;
    const float *a;
    const size_t *a_tap;     ///< the first pixel reads tap t at a + a_tap[t]
    size_t a_pixel, a_lane;  ///< floats between neighbouring pixels, and channels
    const float *b;          ///< the weights of tap t: `channels` numbers at b + b_tap[t] * channels
    const size_t *b_tap;
    float *c;
    size_t c_pixel, c_lane;
    bool accumulate;               ///< without it, C is not read
    const float *bias;             ///< c_lane floats apart, or NULL; left out where `accumulate`
    const float *next_a, *next_c;  ///< what the next line will read and no line before, and what it will write
    size_t next_a_floats, next_c_floats;
} snn_depthwise_tile;

/// The sum over a block of output pixels that one tap's weight gradient is:
/// C = beta * C + sum of A[pixel] (transposed) * B[pixel], where A is the input under the tap and B the output
/// gradient.
typedef struct {
    size_t rows, columns;  ///< input and output channels of the tile
    size_t counts[3];      ///< of pixels, in three loops one inside of the other
    const float *a;        ///< `rows` contiguous numbers a pixel
    size_t a_steps[3];     ///< floats from one pixel to the next
    const float *b;
    size_t b_steps[3];
    bool b_padded;       ///< whether B may be read up to the next multiple of the vector width
    const float *ahead;  ///< fetched into cache, ahead_step floats a pixel; only a hint
    size_t ahead_step;
    float *c;
    size_t c_row;
    float beta;  ///< with beta = 0, C is not read
} snn_weight_gradient_tile;

/// The same for a depthwise convolution: C[c] = beta * C[c] + sum over pixels of A[c] * B[c], for any number of
/// channels, which lie `lane` floats apart in B and next to each other in A and C.
typedef struct {
    size_t channels;
    size_t images, lines, pixels;
    const float *a;
    size_t a_image, a_line, a_pixel;
    const float *b;
    size_t b_image, b_line, b_pixel, b_lane;
    float *c;
    float beta;
} snn_depthwise_gradient;

#endif
