// The pooling micro-kernels: one row of pixels, vectorised across the channels. The backward ones gather: an input
// element reads the windows that cover it, so every dx is written once and no two threads write the same one.
#include "pool/window.h"
#include "runtime/parallel.h"

/// Vectors of channels computed side by side, so that their dependency chains overlap.
#define POOL_VECTORS 4
/// Taps of an average from which on it is summed line by line.
#define AVERAGED_BY_LINES 36

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

/// The pixel under tap (i, j) of a window; the tap must be inside the image.
SIMD_INLINE const float *pixel_under(
    const snn_pool_row *row, snn_window across, snn_window along, size_t i, size_t j, const float *x) {
    const size_t y_in = (size_t)(across.start + (ptrdiff_t)(i * row->vertical->dilation));
    const size_t x_in = (size_t)(along.start + (ptrdiff_t)(j * row->horizontal->dilation));
    return x + (y_in * row->horizontal->in + x_in) * row->pixel;
}

/// The taps of one window that lie inside the image, row by row, and how far apart they are in the input.
typedef struct {
    size_t rows, columns, down, right;
    size_t index, width;  ///< of the first of them in the window, and of the window
} max_pool_taps;

SIMD_INLINE void max_pool_block(const size_t vectors, const bool keep_argmax, const size_t lanes, max_pool_taps taps,
    const float *x, float *y, uint16_t *argmax) {
    vf best[POOL_VECTORS];
    vi winner[POOL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        best[v] = v_set1(-__builtin_inff());
        // Should every element be -infinity, the first one wins.
        winner[v] = (vi)(int32_t)taps.index;
    }
    for (size_t i = 0; i < taps.rows; i++) {
        for (size_t j = 0; j < taps.columns; j++) {
            const float *tap = x + i * taps.down + j * taps.right;
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) {
                const vf value = v_load_lanes(tap + v * SIMD_WIDTH, lanes);
                // NaN wins against everything, as PyTorch has it: the last one.
                const vi better = (value > best[v]) | (value != value);
                best[v] = better ? value : best[v];
                if (keep_argmax) winner[v] = better ? (vi)(int32_t)(taps.index + i * taps.width + j) : winner[v];
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        v_store_lanes(y + v * SIMD_WIDTH, best[v], lanes);
        if (keep_argmax) v_store_lanes_u16(argmax + v * SIMD_WIDTH, winner[v], lanes);
    }
}

/// Whether every window along an axis has two taps, both inside the image.
SIMD_INLINE bool windows_are_pairs(const snn_pool_axis *axis) {
    return axis->kernel == 2 && axis->pad_before == 0 && (axis->out - 1) * axis->stride + axis->dilation < axis->in;
}

/// Where `pairs`, all windows are of 2 x 2 taps inside the image: the common case, with constant loops.
SIMD_INLINE void max_pool_forward_windows(const bool keep_argmax, const bool has_room, const bool pairs,
    const snn_pool_row *row, size_t out, size_t end, const float *x, float *y, uint16_t *argmax) {
    const snn_pool_axis *vertical = row->vertical, *horizontal = row->horizontal;
    const snn_window across = snn_window_at(vertical, row->row);
    const size_t channels = row->channels;
    for (; out < end; out++) {
        const ptrdiff_t start = (ptrdiff_t)(out * horizontal->stride);
        const snn_window along = pairs ? (snn_window){start, 0, 2} : snn_window_at(horizontal, out);
        const max_pool_taps taps = {.rows = pairs ? 2 : across.end - across.first,
            .columns = along.end - along.first,
            .down = vertical->dilation * horizontal->in * row->pixel,
            .right = horizontal->dilation * row->pixel,
            .index = pairs ? 0 : across.first * horizontal->kernel + along.first,
            .width = pairs ? 2 : horizontal->kernel};
        // A window that meets padding only starts nowhere.
        const bool is_empty = taps.rows == 0 || taps.columns == 0;
        const float *first = is_empty ? x : pixel_under(row, across, along, across.first, along.first, x);
        const size_t at = out * row->pixel;
#define BLOCK(V, L, C) \
    max_pool_block(V, keep_argmax, L, taps, first + (C), y + at + (C), keep_argmax ? argmax + at + (C) : NULL)
        POOL_CHANNELS(channels, has_room, BLOCK)
#undef BLOCK
    }
}

SIMD_INLINE void max_pool_forward_pixels(
    const bool keep_argmax, const bool pairs, const snn_pool_row *row, const float *x, float *y, uint16_t *argmax) {
    const size_t windows = row->horizontal->out;
    size_t roomy = windows;
    while (roomy > 0 && !window_has_room(row, snn_window_at(row->horizontal, roomy - 1), roomy - 1)) roomy--;
    max_pool_forward_windows(keep_argmax, true, pairs, row, 0, roomy, x, y, argmax);
    max_pool_forward_windows(keep_argmax, false, pairs, row, roomy, windows, x, y, argmax);
}

SIMD_INLINE void max_pool_forward_kept(
    const bool keep_argmax, const snn_pool_row *row, const float *x, float *y, uint16_t *argmax) {
    if (windows_are_pairs(row->vertical) && windows_are_pairs(row->horizontal)) {
        max_pool_forward_pixels(keep_argmax, true, row, x, y, argmax);
    } else {
        max_pool_forward_pixels(keep_argmax, false, row, x, y, argmax);
    }
}

static void max_pool_forward_row(const snn_pool_row *row, const float *x, float *y, uint16_t *argmax) {
    if (argmax == NULL) {
        max_pool_forward_kept(false, row, x, y, NULL);
    } else {
        max_pool_forward_kept(true, row, x, y, argmax);
    }
}

SIMD_INLINE void max_pool_gradient_block(const size_t vectors, const size_t lanes, const snn_pool_row *row,
    snn_covering across, snn_covering along, const float *dy, const uint16_t *argmax, float *dx) {
    vf sum[POOL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[v] = v_zero();
    for (size_t i = across.first; i < across.end; i++) {
        size_t tap_y, tap_x;
        if (!snn_covering_tap(row->vertical, across, i, &tap_y)) continue;
        for (size_t j = along.first; j < along.end; j++) {
            if (!snn_covering_tap(row->horizontal, along, j, &tap_x)) continue;
            const vi tap = (vi)(int32_t)(tap_y * row->horizontal->kernel + tap_x);
            const size_t at = (i * row->horizontal->out + j) * row->pixel;
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) {
                const vi won = v_load_lanes_u16(argmax + at + v * SIMD_WIDTH, lanes) == tap;
                sum[v] += won ? v_load_lanes(dy + at + v * SIMD_WIDTH, lanes) : v_zero();
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) v_store_lanes(dx + v * SIMD_WIDTH, sum[v], lanes);
}

/// One pixel of one window, which no other window covers: dy where `tap` is the largest, or without `argmax`
/// (`from_max` is a constant) dy * factor.
SIMD_INLINE void pool_disjoint_block(const bool from_max, const size_t vectors, const size_t lanes, vi tap, vf factor,
    const float *dy, const uint16_t *argmax, float *dx) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const vf gradient = v_load_lanes(dy + v * SIMD_WIDTH, lanes);
        vf part = gradient * factor;
        if (from_max) part = v_load_lanes_u16(argmax + v * SIMD_WIDTH, lanes) == tap ? gradient : v_zero();
        v_store_lanes(dx + v * SIMD_WIDTH, part, lanes);
    }
}

/// Whether no window overlaps another one or leaves the image.
SIMD_INLINE bool windows_are_disjoint(const snn_pool_axis *axis) {
    return axis->stride == axis->kernel && axis->dilation == 1 && axis->pad_before == 0 &&
           axis->out * axis->kernel <= axis->in;
}

/// The pixels of one row under the windows from `out` to before `end`, whose first tap in the row is `first_tap`.
SIMD_INLINE void pool_disjoint_windows(const bool from_max, const bool has_room, const snn_pool_row *row, size_t out,
    size_t end, size_t first_tap, const float *dy, const uint16_t *argmax, float *dx) {
    const size_t kernel = row->horizontal->kernel, pixel = row->pixel, channels = row->channels;
    const vf factor = v_set1(1 / (float)(ptrdiff_t)(row->vertical->kernel * kernel));
    for (; out < end; out++) {
        for (size_t j = 0; j < kernel; j++) {
            const vi tap = (vi)(int32_t)(first_tap + j);
            const size_t from = out * pixel;
            float *in = dx + (out * kernel + j) * pixel;
#define BLOCK(V, L, C) \
    pool_disjoint_block(from_max, V, L, tap, factor, dy + from + (C), from_max ? argmax + from + (C) : NULL, in + (C))
            POOL_CHANNELS(channels, has_room, BLOCK)
#undef BLOCK
        }
    }
}

/// The backward pass of a row where windows_are_disjoint on both axes; averages have no `argmax`.
SIMD_INLINE void pool_backward_disjoint(
    const bool from_max, const snn_pool_row *row, const float *dy, const uint16_t *argmax, float *dx) {
    const snn_pool_axis *horizontal = row->horizontal;
    const size_t i = row->row / row->vertical->kernel, kernel = horizontal->kernel;
    const size_t windows = i < row->vertical->out ? horizontal->out : 0;
    const size_t first_tap = row->row % row->vertical->kernel * kernel, at = i * horizontal->out * row->pixel;
    const uint16_t *winners = from_max ? argmax + at : NULL;
    size_t roomy = windows;
    while (roomy > 0 && !pool_has_room(row, horizontal->out - roomy)) roomy--;
    pool_disjoint_windows(from_max, true, row, 0, roomy, first_tap, dy + at, winners, dx);
    pool_disjoint_windows(from_max, false, row, roomy, windows, first_tap, dy + at, winners, dx);
    for (size_t in = windows * kernel; in < horizontal->in; in++) {
        fill(row->channels, 0, dx + in * row->pixel);
    }
}

static void max_pool_backward_row(const snn_pool_row *row, const float *dy, const uint16_t *argmax, float *dx) {
    if (windows_are_disjoint(row->vertical) && windows_are_disjoint(row->horizontal)) {
        pool_backward_disjoint(true, row, dy, argmax, dx);
        return;
    }
    const snn_covering across = snn_covering_at(row->vertical, row->row);
    snn_covering along = snn_covering_at(row->horizontal, 0);
    for (size_t in = 0; in < row->horizontal->in; in++, snn_covering_next(row->horizontal, &along)) {
        float *pixel = dx + in * row->pixel;
#define BLOCK(V, L, C) max_pool_gradient_block(V, L, row, across, along, dy + (C), argmax + (C), pixel + (C))
        POOL_CHANNELS(row->channels, covering_has_room(row, along, in), BLOCK)
#undef BLOCK
    }
}

SIMD_INLINE void average_pool_block(const size_t vectors, const size_t lanes, const snn_pool_row *row,
    snn_window across, snn_window along, float divisor, const float *x, float *y) {
    vf sum[POOL_VECTORS], line[POOL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[v] = v_zero();
    for (size_t i = across.first; i < across.end; i++) {
        // Lines are summed by themselves: the error of a large window grows with its side, not with its area.
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) line[v] = v_zero();
        for (size_t j = along.first; j < along.end; j++) {
            const float *tap = pixel_under(row, across, along, i, j, x);
            // The next block of channels: the processor does not foresee what is so far apart.
            __builtin_prefetch(tap + vectors * SIMD_WIDTH);
            __builtin_prefetch(tap + vectors * SIMD_WIDTH + SNN_ALIGNMENT / sizeof(float));
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) line[v] += v_load_lanes(tap + v * SIMD_WIDTH, lanes);
        }
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) sum[v] += line[v];
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) v_store_lanes(y + v * SIMD_WIDTH, sum[v] / v_set1(divisor), lanes);
}

/// Some channels of one line of a window, added to those of the lines above.
SIMD_INLINE void average_pool_line_block(const size_t vectors, const size_t lanes, size_t pixels, size_t step,
    bool is_first, vf divisor, const float *x, float *y) {
    vf line[POOL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) line[v] = v_zero();
    for (size_t j = 0; j < pixels; j++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) line[v] += v_load_lanes(x + j * step + v * SIMD_WIDTH, lanes);
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        float *out = y + v * SIMD_WIDTH;
        const vf above = is_first ? v_zero() : v_load_lanes(out, lanes);
        v_store_lanes(out, (above + line[v]) / divisor, lanes);
    }
}

/// The same sums for large windows, whose blocks of channels lie too far apart for the processor to foresee: one line
/// of the window after the other, along all channels, for as many streams as a line has pixels.
SIMD_INLINE void average_pool_lines(
    const snn_pool_row *row, snn_window across, snn_window along, float divisor, const float *x, float *y) {
    const size_t pixels = along.end - along.first, step = row->horizontal->dilation * row->pixel;
    for (size_t i = across.first; i < across.end; i++) {
        const float *first = pixel_under(row, across, along, i, along.first, x);
        const vf scale = v_set1(i + 1 < across.end ? 1 : divisor);
#define BLOCK(V, L, C) average_pool_line_block(V, L, pixels, step, i == across.first, scale, first + (C), y + (C))
        POOL_CHANNELS(row->channels, false, BLOCK)
#undef BLOCK
    }
}

SIMD_INLINE float window_divisor(const snn_pool_row *row, snn_window across, snn_window along) {
    const size_t divisor = snn_window_divisor(row->vertical, across, row->count_include_pad) *
                           snn_window_divisor(row->horizontal, along, row->count_include_pad);
    return divisor == 0 ? 1 : (float)(ptrdiff_t)divisor;
}

static void average_pool_forward_row(const snn_pool_row *row, const float *x, float *y) {
    const snn_window across = snn_window_at(row->vertical, row->row);
    for (size_t out = 0; out < row->horizontal->out; out++) {
        const snn_window along = snn_window_at(row->horizontal, out);
        const float divisor = window_divisor(row, across, along);
        float *pixel = y + out * row->pixel;
        const size_t taps = (across.end - across.first) * (along.end - along.first);
        if (taps >= AVERAGED_BY_LINES && row->channels > POOL_VECTORS * SIMD_WIDTH) {
            average_pool_lines(row, across, along, divisor, x, pixel);
            continue;
        }
#define BLOCK(V, L, C) average_pool_block(V, L, row, across, along, divisor, x + (C), pixel + (C))
        POOL_CHANNELS(row->channels, window_has_room(row, along, out), BLOCK)
#undef BLOCK
    }
}

SIMD_INLINE void average_pool_gradient_block(const size_t vectors, const size_t lanes, const snn_pool_row *row,
    snn_covering across, snn_covering along, const float *dy, float *dx) {
    vf sum[POOL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[v] = v_zero();
    for (size_t i = across.first; i < across.end; i++) {
        const snn_window window = snn_window_at(row->vertical, i);
        for (size_t j = along.first; j < along.end; j++) {
            const vf factor = v_set1(1 / window_divisor(row, window, snn_window_at(row->horizontal, j)));
            const float *out = dy + (i * row->horizontal->out + j) * row->pixel;
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) {
                sum[v] = v_fma(v_load_lanes(out + v * SIMD_WIDTH, lanes), factor, sum[v]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) v_store_lanes(dx + v * SIMD_WIDTH, sum[v], lanes);
}

static void average_pool_backward_row(const snn_pool_row *row, const float *dy, float *dx) {
    if (windows_are_disjoint(row->vertical) && windows_are_disjoint(row->horizontal)) {
        pool_backward_disjoint(false, row, dy, NULL, dx);
        return;
    }
    const snn_covering across = snn_covering_at(row->vertical, row->row);
    snn_covering along = snn_covering_at(row->horizontal, 0);
    for (size_t in = 0; in < row->horizontal->in; in++, snn_covering_next(row->horizontal, &along)) {
        float *pixel = dx + in * row->pixel;
#define BLOCK(V, L, C) average_pool_gradient_block(V, L, row, across, along, dy + (C), pixel + (C))
        POOL_CHANNELS(row->channels, covering_has_room(row, along, in), BLOCK)
#undef BLOCK
    }
}

#undef POOL_CHANNELS
#undef POOL_VECTORS
#undef AVERAGED_BY_LINES
