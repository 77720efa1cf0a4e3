// Where the windows of a pooling lie, one axis at a time, and one row of work for the micro-kernels.
#ifndef SNN_WINDOW_H
#define SNN_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The windows along the height or the width of an image.
typedef struct {
    size_t in, out, kernel, stride, dilation, pad_before, pad_after;
} snn_pool_axis;

/// The largest vector of any tier.
#define SNN_POOL_LANES 16

/// A vector of pixels of few channels, which are those of `windows` whole windows side by side (0 where a vector holds
/// too few): of the output in a forward pass, of the input under disjoint windows in a backward one.
typedef struct {
    size_t windows;
    int32_t number[SNN_POOL_LANES];  ///< that a lane reads, counted from the first window's: forward, of its first tap
    int32_t tap[SNN_POOL_LANES];     ///< backward: which tap of a row of the window a lane is
} snn_pool_lanes;

/// A row of pixels to compute: of the output in a forward pass, of the input in a backward one.
typedef struct {
    const snn_pool_axis *vertical, *horizontal;
    size_t row;
    size_t channels;         ///< to compute of each pixel
    size_t pixel;            ///< numbers from one pixel to the next, in every tensor
    bool count_include_pad;  ///< average pooling only
    const snn_pool_lanes *lanes;
} snn_pool_row;

/// One window along one axis: tap k lies on input position start + k * dilation, which is inside the image for the taps
/// from `first` to before `end`.
typedef struct {
    ptrdiff_t start;
    size_t first, end;
} snn_window;

static inline snn_window snn_window_at(const snn_pool_axis *axis, size_t out) {
    const ptrdiff_t dilation = (ptrdiff_t)axis->dilation, in = (ptrdiff_t)axis->in;
    snn_window window = {.start = (ptrdiff_t)(out * axis->stride) - (ptrdiff_t)axis->pad_before, .end = axis->kernel};
    // The divisions are for the border only.
    if (window.start < 0) window.first = (size_t)((dilation - 1 - window.start) / dilation);
    if (window.start + ((ptrdiff_t)axis->kernel - 1) * dilation >= in) {
        window.end = window.start < in ? (size_t)((in - window.start + dilation - 1) / dilation) : 0;
    }
    if (window.first > window.end) window.first = window.end;
    return window;
}

/// The windows of which input position `in` may be a tap: outputs from `first` to before `end`. With dilation some of
/// them only straddle it.
typedef struct {
    size_t position;  ///< of the input in the padded image
    size_t first, end;
} snn_covering;

static inline snn_covering snn_covering_at(const snn_pool_axis *axis, size_t in) {
    const size_t position = in + axis->pad_before, reach = (axis->kernel - 1) * axis->dilation;
    const size_t end = position / axis->stride + 1;
    snn_covering covering = {.position = position, .end = end < axis->out ? end : axis->out};
    if (position > reach) covering.first = (position - reach + axis->stride - 1) / axis->stride;
    return covering;
}

/// Moves on to the next input position, without a division.
static inline void snn_covering_next(const snn_pool_axis *axis, snn_covering *covering) {
    const size_t reach = (axis->kernel - 1) * axis->dilation;
    covering->position++;
    if (covering->end < axis->out && covering->end * axis->stride <= covering->position) covering->end++;
    if (covering->first * axis->stride + reach < covering->position) covering->first++;
}

/// The tap of window `out` that lies on the covered position; false where it falls between two taps.
static inline bool snn_covering_tap(const snn_pool_axis *axis, snn_covering covering, size_t out, size_t *tap) {
    *tap = covering.position - out * axis->stride;
    if (axis->dilation == 1) return true;
    const size_t between = *tap % axis->dilation;
    *tap /= axis->dilation;
    return between == 0;
}

/// How many positions of window `out` average pooling divides by along this axis: those in the image, or with padding
/// those in the padded image, which a last window of ceil mode may leave.
static inline size_t snn_window_divisor(const snn_pool_axis *axis, snn_window window, bool count_include_pad) {
    if (!count_include_pad) return window.end - window.first;
    const ptrdiff_t padded_end = (ptrdiff_t)(axis->in + axis->pad_after);
    const ptrdiff_t left = padded_end - window.start, kernel = (ptrdiff_t)axis->kernel;
    return (size_t)(left < kernel ? left : kernel);
}

#endif
