// The micro-kernels of maximum pooling and of windows that do not overlap, for numbers of one format. Before each
// inclusion POOL_NUMBER is their type, POOL_LOAD and POOL_STORE take vectors of them as floats, and POOL_NAMED makes
// the names.

SIMD_INLINE void POOL_NAMED(max_pool_block)(const size_t vectors, const bool keep_argmax, const size_t lanes,
    max_pool_taps taps, const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
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
            const POOL_NUMBER *tap = x + i * taps.down + j * taps.right;
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) {
                const vf value = POOL_LOAD(tap + v * SIMD_WIDTH, lanes);
                max_pool_take(value, taps.index + i * taps.width + j, keep_argmax, &best[v], &winner[v]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        POOL_STORE(y + v * SIMD_WIDTH, best[v], lanes);
        if (keep_argmax) v_store_lanes_u16(argmax + v * SIMD_WIDTH, winner[v], lanes);
    }
}

/// Where `pairs`, all windows are of 2 x 2 taps inside the image: the common case, with constant loops.
SIMD_INLINE void POOL_NAMED(max_pool_forward_windows)(const bool keep_argmax, const bool has_room, const bool pairs,
    const snn_pool_row *row, size_t out, size_t end, const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
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
        const POOL_NUMBER *first = x + (is_empty ? 0 : pixel_under(row, across, along, across.first, along.first));
        const size_t at = out * row->pixel;
#define BLOCK(V, L, C)         \
    POOL_NAMED(max_pool_block) \
    (V, keep_argmax, L, taps, first + (C), y + at + (C), keep_argmax ? argmax + at + (C) : NULL)
        POOL_CHANNELS(channels, has_room, BLOCK)
#undef BLOCK
    }
}

/// A vector of outputs of 2 x 2 taps inside the image, from as many numbers of a line of the input as there are.
SIMD_INLINE void POOL_NAMED(max_pool_pairs)(const bool keep_argmax, const size_t numbers, const size_t lanes, vi left,
    vi right, size_t down, const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
    const size_t low_lanes = numbers < SIMD_WIDTH ? numbers : SIMD_WIDTH;
    vf best = v_set1(-__builtin_inff());
    vi winner = (vi)(int32_t)0;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2; i++) {
        const POOL_NUMBER *taps = x + i * down;
        const vf low = POOL_LOAD(taps, low_lanes);
        const vf high = low_lanes < SIMD_WIDTH ? low : POOL_LOAD(taps + SIMD_WIDTH, numbers - SIMD_WIDTH);
        max_pool_take(v_permute_pair(low, high, left), 2 * i, keep_argmax, &best, &winner);
        max_pool_take(v_permute_pair(low, high, right), 2 * i + 1, keep_argmax, &best, &winner);
    }
    POOL_STORE(y, best, lanes);
    if (keep_argmax) v_store_lanes_u16(argmax, winner, lanes);
}

/// The same for a row.
SIMD_INLINE void POOL_NAMED(max_pool_forward_lanes)(
    const bool keep_argmax, const snn_pool_row *row, const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
    const snn_pool_axis *vertical = row->vertical, *horizontal = row->horizontal;
    const size_t pixel = row->pixel, to_step = row->lanes->windows * pixel, from_step = to_step * horizontal->stride;
    const size_t line = horizontal->in * pixel, all = horizontal->out * pixel, down = vertical->dilation * line;
    const vi left = v_load_i32(row->lanes->number), right = left + (int32_t)(horizontal->dilation * pixel);
    x += row->row * vertical->stride * line;
    size_t from = 0, to = 0;
    for (; from + 2 * SIMD_WIDTH <= line && to + SIMD_WIDTH <= all; from += from_step, to += to_step) {
        POOL_NAMED(max_pool_pairs)
        (keep_argmax, 2 * SIMD_WIDTH, SIMD_WIDTH, left, right, down, x + from, y + to,
            keep_argmax ? argmax + to : NULL);
    }
    for (; to < all; from += from_step, to += to_step) {
        POOL_NAMED(max_pool_pairs)
        (keep_argmax, snn_min(line - from, 2 * SIMD_WIDTH), lanes_at(to, all), left, right, down, x + from, y + to,
            keep_argmax ? argmax + to : NULL);
    }
}

SIMD_INLINE void POOL_NAMED(max_pool_forward_pixels)(const bool keep_argmax, const bool pairs, const snn_pool_row *row,
    const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
    const size_t windows = row->horizontal->out;
    if (pairs && pool_has_lanes(row)) return POOL_NAMED(max_pool_forward_lanes)(keep_argmax, row, x, y, argmax);
    size_t roomy = windows;
    while (roomy > 0 && !window_has_room(row, snn_window_at(row->horizontal, roomy - 1), roomy - 1)) roomy--;
    POOL_NAMED(max_pool_forward_windows)(keep_argmax, true, pairs, row, 0, roomy, x, y, argmax);
    POOL_NAMED(max_pool_forward_windows)(keep_argmax, false, pairs, row, roomy, windows, x, y, argmax);
}

SIMD_INLINE void POOL_NAMED(max_pool_forward_kept)(
    const bool keep_argmax, const snn_pool_row *row, const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
    if (windows_are_pairs(row->vertical) && windows_are_pairs(row->horizontal)) {
        POOL_NAMED(max_pool_forward_pixels)(keep_argmax, true, row, x, y, argmax);
    } else {
        POOL_NAMED(max_pool_forward_pixels)(keep_argmax, false, row, x, y, argmax);
    }
}

static void POOL_NAMED(max_pool_forward_row)(
    const snn_pool_row *row, const POOL_NUMBER *x, POOL_NUMBER *y, uint16_t *argmax) {
    if (argmax == NULL) {
        POOL_NAMED(max_pool_forward_kept)(false, row, x, y, NULL);
    } else {
        POOL_NAMED(max_pool_forward_kept)(true, row, x, y, argmax);
    }
}

SIMD_INLINE void POOL_NAMED(max_pool_gradient_block)(const size_t vectors, const size_t lanes, const snn_pool_row *row,
    snn_covering across, snn_covering along, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
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
                sum[v] += won ? POOL_LOAD(dy + at + v * SIMD_WIDTH, lanes) : v_zero();
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) POOL_STORE(dx + v * SIMD_WIDTH, sum[v], lanes);
}

/// One pixel of one window, which no other window covers: dy where `tap` is the largest, or without `argmax`
/// (`from_max` is a constant) dy * factor.
SIMD_INLINE void POOL_NAMED(pool_disjoint_block)(const bool from_max, const size_t vectors, const size_t lanes, vi tap,
    vf factor, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const vf gradient = POOL_LOAD(dy + v * SIMD_WIDTH, lanes);
        vf part = gradient * factor;
        if (from_max) part = v_load_lanes_u16(argmax + v * SIMD_WIDTH, lanes) == tap ? gradient : v_zero();
        POOL_STORE(dx + v * SIMD_WIDTH, part, lanes);
    }
}

/// The pixels of one row under the windows from `out` to before `end`, whose first tap in the row is `first_tap`.
SIMD_INLINE void POOL_NAMED(pool_disjoint_windows)(const bool from_max, const bool has_room, const snn_pool_row *row,
    size_t out, size_t end, size_t first_tap, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
    const size_t kernel = row->horizontal->kernel, pixel = row->pixel, channels = row->channels;
    const vf factor = v_set1(1 / (float)(ptrdiff_t)(row->vertical->kernel * kernel));
    for (; out < end; out++) {
        for (size_t j = 0; j < kernel; j++) {
            const vi tap = (vi)(int32_t)(first_tap + j);
            const size_t from = out * pixel;
            POOL_NUMBER *in = dx + (out * kernel + j) * pixel;
#define BLOCK(V, L, C)              \
    POOL_NAMED(pool_disjoint_block) \
    (from_max, V, L, tap, factor, dy + from + (C), from_max ? argmax + from + (C) : NULL, in + (C))
            POOL_CHANNELS(channels, has_room, BLOCK)
#undef BLOCK
        }
    }
}

/// The same for a vector of pixels of few channels, from as many numbers of dy as there are.
SIMD_INLINE void POOL_NAMED(pool_disjoint_vector)(const bool from_max, const size_t numbers, const size_t lanes,
    vi number, vi tap, vf factor, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
    const vf gradient = v_permute(POOL_LOAD(dy, numbers), number);
    vf part = gradient * factor;
    if (from_max) {
        const vi winners = (vi)v_permute((vf)v_load_lanes_u16(argmax, numbers), number);
        part = winners == tap ? gradient : v_zero();
    }
    POOL_STORE(dx, part, lanes);
}

/// The same for a row.
SIMD_INLINE void POOL_NAMED(pool_disjoint_lanes)(const bool from_max, const snn_pool_row *row, size_t windows,
    size_t first_tap, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
    const size_t kernel = row->horizontal->kernel, pixel = row->pixel, step = row->lanes->windows;
    const size_t all = windows * pixel, all_in = row->horizontal->in * pixel;
    const vi number = v_load_i32(row->lanes->number), tap = v_load_i32(row->lanes->tap) + (int32_t)first_tap;
    const vf factor = v_set1(1 / (float)(ptrdiff_t)(row->vertical->kernel * kernel));
    size_t from = 0, to = 0;
    for (; from + SIMD_WIDTH <= all && to + SIMD_WIDTH <= all_in; from += step * pixel, to += step * pixel * kernel) {
        POOL_NAMED(pool_disjoint_vector)
        (from_max, SIMD_WIDTH, SIMD_WIDTH, number, tap, factor, dy + from, from_max ? argmax + from : NULL, dx + to);
    }
    for (; from < all; from += step * pixel, to += step * pixel * kernel) {
        POOL_NAMED(pool_disjoint_vector)
        (from_max, lanes_at(from, all), lanes_at(to, all_in), number, tap, factor, dy + from,
            from_max ? argmax + from : NULL, dx + to);
    }
}

/// The backward pass of a row where windows_are_disjoint on both axes; averages have no `argmax`.
SIMD_INLINE void POOL_NAMED(pool_backward_disjoint)(
    const bool from_max, const snn_pool_row *row, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
    const snn_pool_axis *horizontal = row->horizontal;
    const size_t i = row->row / row->vertical->kernel, kernel = horizontal->kernel;
    const size_t windows = i < row->vertical->out ? horizontal->out : 0;
    const size_t first_tap = row->row % row->vertical->kernel * kernel, at = i * horizontal->out * row->pixel;
    const uint16_t *winners = from_max ? argmax + at : NULL;
    if (pool_has_lanes(row)) {
        POOL_NAMED(pool_disjoint_lanes)(from_max, row, windows, first_tap, dy + at, winners, dx);
    } else {
        size_t roomy = windows;
        while (roomy > 0 && !pool_has_room(row, horizontal->out - roomy)) roomy--;
        POOL_NAMED(pool_disjoint_windows)(from_max, true, row, 0, roomy, first_tap, dy + at, winners, dx);
        POOL_NAMED(pool_disjoint_windows)(from_max, false, row, roomy, windows, first_tap, dy + at, winners, dx);
    }
    for (size_t in = windows * kernel; in < horizontal->in; in++) {
        memset(dx + in * row->pixel, 0, row->channels * sizeof(POOL_NUMBER));
    }
}

static void POOL_NAMED(max_pool_backward_row)(
    const snn_pool_row *row, const POOL_NUMBER *dy, const uint16_t *argmax, POOL_NUMBER *dx) {
    if (windows_are_disjoint(row->vertical) && windows_are_disjoint(row->horizontal)) {
        POOL_NAMED(pool_backward_disjoint)(true, row, dy, argmax, dx);
        return;
    }
    const snn_covering across = snn_covering_at(row->vertical, row->row);
    snn_covering along = snn_covering_at(row->horizontal, 0);
    for (size_t in = 0; in < row->horizontal->in; in++, snn_covering_next(row->horizontal, &along)) {
        POOL_NUMBER *pixel = dx + in * row->pixel;
#define BLOCK(V, L, C) \
    POOL_NAMED(max_pool_gradient_block)(V, L, row, across, along, dy + (C), argmax + (C), pixel + (C))
        POOL_CHANNELS(row->channels, covering_has_room(row, along, in), BLOCK)
#undef BLOCK
    }
}
