// The pooling micro-kernels: one row of pixels, vectorised across the channels. The backward ones gather: an input
// element reads the windows that cover it, so every dx is written once and no two threads write the same one.
#include <string.h>

#include "pool/window.h"
#include "runtime/parallel.h"

/// Vectors of channels computed side by side, so that their dependency chains overlap.
#define POOL_VECTORS 4
/// Calls BLOCK(vectors, lanes, first channel) for all channels, with constant `vectors`. Where there is room for a
/// whole vector behind the last channels, it is whole: what it reads and writes too much is of the next pixel, which is
/// written after this one.
#define POOL_CHANNELS(CHANNELS, HAS_ROOM, BLOCK)                                          \
    size_t c = 0;                                                                         \
    for (; c + POOL_VECTORS * SIMD_WIDTH <= (CHANNELS); c += POOL_VECTORS * SIMD_WIDTH) { \
        BLOCK(POOL_VECTORS, SIMD_WIDTH, c);                                               \
    }                                                                                     \
    for (; c + SIMD_WIDTH <= (CHANNELS); c += SIMD_WIDTH) BLOCK(1, SIMD_WIDTH, c);        \
    if (c < (CHANNELS)) {                                                                 \
        if (HAS_ROOM) {                                                                   \
            BLOCK(1, SIMD_WIDTH, c);                                                      \
        } else {                                                                          \
            BLOCK(1, (CHANNELS)-c, c);                                                    \
        }                                                                                 \
    }

/// Whether a whole vector at the last channels of a pixel ends within its row: `after` pixels of the row follow, and
/// the row computes all channels of them.
SIMD_INLINE bool pool_has_room(const snn_pool_row *row, size_t after) {
    const size_t missing = (SIMD_WIDTH - row->channels % SIMD_WIDTH) % SIMD_WIDTH;
    return row->channels == row->pixel && missing <= after * row->pixel;
}

/// The same for an output pixel and all input pixels of its window.
SIMD_INLINE bool window_has_room(const snn_pool_row *row, snn_window along, size_t out) {
    const snn_pool_axis *axis = row->horizontal;
    const size_t last = (size_t)(along.start + (ptrdiff_t)((axis->kernel - 1) * axis->dilation));
    return last < axis->in && pool_has_room(row, snn_min(axis->in - 1 - last, axis->out - 1 - out));
}

/// The same for an input pixel and all output pixels whose windows cover it.
SIMD_INLINE bool covering_has_room(const snn_pool_row *row, snn_covering along, size_t in) {
    const snn_pool_axis *axis = row->horizontal;
    return pool_has_room(row, snn_min(axis->in - 1 - in, axis->out - along.end));
}

/// Where in an image the pixel under tap (i, j) of a window is; the tap must be inside it.
SIMD_INLINE size_t pixel_under(const snn_pool_row *row, snn_window across, snn_window along, size_t i, size_t j) {
    const size_t y_in = (size_t)(across.start + (ptrdiff_t)(i * row->vertical->dilation));
    const size_t x_in = (size_t)(along.start + (ptrdiff_t)(j * row->horizontal->dilation));
    return (y_in * row->horizontal->in + x_in) * row->pixel;
}

/// Whether no window overlaps another one or leaves the image.
SIMD_INLINE bool windows_are_disjoint(const snn_pool_axis *axis) {
    return axis->stride == axis->kernel && axis->dilation == 1 && axis->pad_before == 0 &&
           axis->out * axis->kernel <= axis->in;
}

/// The taps of one window that lie inside the image, row by row, and how far apart they are in the input.
typedef struct {
    size_t rows, columns, down, right;
    size_t index, width;  ///< of the first of them in the window, and of the window
} max_pool_taps;

/// Whether vectors of whole windows serve the row.
SIMD_INLINE bool pool_has_lanes(const snn_pool_row *row) {
    return row->lanes->windows > 0 && row->channels == row->pixel;
}

/// Whether every window along an axis has two taps, both inside the image.
SIMD_INLINE bool windows_are_pairs(const snn_pool_axis *axis) {
    return axis->kernel == 2 && axis->pad_before == 0 && (axis->out - 1) * axis->stride + axis->dilation < axis->in;
}

/// Takes the tap where it is larger. NaN wins against everything, as PyTorch has it: the last one.
SIMD_INLINE void max_pool_take(vf value, size_t tap, const bool keep_argmax, vf *best, vi *winner) {
    const vi better = (value > *best) | (value != value);
    *best = better ? value : *best;
    if (keep_argmax) *winner = better ? (vi)(int32_t)tap : *winner;
}

#define POOL_NUMBER float
#define POOL_LOAD v_load_lanes
#define POOL_STORE v_store_lanes
#define POOL_NAMED(NAME) NAME
#include "pool/max_pool_kernels.h"
#undef POOL_NUMBER
#undef POOL_LOAD
#undef POOL_STORE
#undef POOL_NAMED

#define POOL_NUMBER uint16_t
#define POOL_LOAD v_load_lanes_bfloat16
#define POOL_STORE v_store_lanes_bfloat16
#define POOL_NAMED(NAME) NAME##_bfloat16
#include "pool/max_pool_kernels.h"
#undef POOL_NUMBER
#undef POOL_LOAD
#undef POOL_STORE
#undef POOL_NAMED

#include "pool/average_pool_kernels.h"

#undef POOL_CHANNELS
#undef POOL_VECTORS
