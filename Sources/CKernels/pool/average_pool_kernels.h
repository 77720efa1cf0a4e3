// The micro-kernels of average pooling.

/// Taps of an average from which on it is summed line by line.
#define AVERAGED_BY_LINES 36

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
            const float *tap = x + pixel_under(row, across, along, i, j);
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

/// The same sums for large windows, whose blocks of channels lie too far apart for the processor to foresee: one pixel
/// after the other, as they lie in memory.
static void average_pool_lines(
    const snn_pool_row *row, snn_window across, snn_window along, float divisor, const float *x, float *y) {
    enum { most_channels = 1024 };
    _Alignas(SNN_ALIGNMENT) float line[most_channels];
    for (size_t first = 0; first < row->channels; first += most_channels) {
        const size_t channels = snn_min(row->channels - first, most_channels);
        fill(channels, 0, y + first);
        for (size_t i = across.first; i < across.end; i++) {
            fill(channels, 0, line);
            for (size_t j = along.first; j < along.end; j++) {
                add(channels, line, x + first + pixel_under(row, across, along, i, j), line);
            }
            add(channels, y + first, line, y + first);
        }
        scale(channels, 1 / divisor, y + first, y + first);
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

#undef AVERAGED_BY_LINES
