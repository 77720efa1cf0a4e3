// The micro-kernels that only convolutions need: depthwise ones, vectorised over the channels, and the weight gradient.
#include "conv/conv_tile.h"
#include "runtime/parallel.h"
#include "swiftnn/runtime.h"

SIMD_INLINE vf load_strided(const float *p, size_t lane_stride, size_t lanes) {
    if (lane_stride == 1) return v_load_lanes(p, lanes);
    vf v = v_zero();
    for (size_t lane = 0; lane < lanes; lane++) v[lane] = p[lane * lane_stride];
    return v;
}

SIMD_INLINE void store_strided(float *p, vf v, size_t lane_stride, size_t lanes) {
    if (lane_stride == 1) return v_store_lanes(p, v, lanes);
    for (size_t lane = 0; lane < lanes; lane++) p[lane * lane_stride] = v[lane];
}

/// A vector of channels from `first` on, `lanes` of it. The weights of all taps are in registers, for `taps` is a
/// constant at every call, and so is `dense` (all lanes full and side by side), for which no lane is handled by itself.
SIMD_INLINE void depthwise_channels(
    const size_t taps, const bool dense, const snn_depthwise_tile *tile, size_t first, const size_t lanes) {
    const size_t a_lane = dense ? 1 : tile->a_lane, c_lane = dense ? 1 : tile->c_lane;
    const float *a[SNN_DEPTHWISE_TAPS + 1];
    vf weights[SNN_DEPTHWISE_TAPS + 1];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < taps; t++) {
        a[t] = tile->a + tile->a_tap[t] + first * a_lane;
        weights[t] = v_load_lanes(tile->b + tile->b_tap[t] * tile->channels + first, lanes);
    }
    float *c = tile->c + first * c_lane;
    const vf bias = tile->bias != NULL ? load_strided(tile->bias + first * c_lane, c_lane, lanes) : v_zero();
    const size_t a_pixel = tile->a_pixel, c_pixel = tile->c_pixel;
    const bool accumulate = tile->accumulate;
    for (size_t pixel = 0; pixel < tile->pixels; pixel++, c += c_pixel) {
        // Two sums, so that fewer additions wait for one another.
        vf sums[] = {accumulate ? load_strided(c, c_lane, lanes) : bias, v_zero()};
#pragma clang loop unroll(full)
        for (size_t t = 0; t < taps; t++) {
            sums[t % 2] = v_fma(load_strided(a[t] + pixel * a_pixel, a_lane, lanes), weights[t], sums[t % 2]);
        }
        store_strided(c, sums[0] + sums[1], c_lane, lanes);
    }
}

/// Fetches the share of the next line that corresponds to the channels from `first` on. A vector of channels touches
/// pixels too far apart for the processor to foresee what is needed.
SIMD_INLINE void depthwise_fetch(const snn_depthwise_tile *tile, size_t first) {
    const size_t line = SNN_ALIGNMENT / sizeof(float), end = snn_min(first + SIMD_WIDTH, tile->channels);
    for (size_t i = tile->next_a_floats * first / tile->channels; i < tile->next_a_floats * end / tile->channels;
         i += line) {
        __builtin_prefetch(tile->next_a + i);
    }
    for (size_t i = tile->next_c_floats * first / tile->channels; i < tile->next_c_floats * end / tile->channels;
         i += line) {
        __builtin_prefetch(tile->next_c + i, 1);
    }
}

SIMD_INLINE void depthwise_tile_of(const size_t taps, const snn_depthwise_tile *tile) {
    const bool dense = tile->a_lane == 1 && tile->c_lane == 1;
    size_t c = 0;
    for (; dense && c + SIMD_WIDTH <= tile->channels; c += SIMD_WIDTH) {
        depthwise_fetch(tile, c);
        depthwise_channels(taps, true, tile, c, SIMD_WIDTH);
    }
    for (; c < tile->channels; c += SIMD_WIDTH) {
        depthwise_channels(taps, false, tile, c, lanes_at(c, tile->channels));
    }
}

static void depthwise_tile(const snn_depthwise_tile *tile) {
    switch (tile->taps) {
        case 0: depthwise_tile_of(0, tile); break;
        case 1: depthwise_tile_of(1, tile); break;
        case 2: depthwise_tile_of(2, tile); break;
        case 3: depthwise_tile_of(3, tile); break;
        case 4: depthwise_tile_of(4, tile); break;
        case 5: depthwise_tile_of(5, tile); break;
        case 6: depthwise_tile_of(6, tile); break;
        case 7: depthwise_tile_of(7, tile); break;
        case 8: depthwise_tile_of(8, tile); break;
        case 9: depthwise_tile_of(9, tile); break;
    }
}

/// Columns up to the vector's width are filled up with zeros, further ones left.
static void panel_copy(size_t rows, size_t columns, const float *source, size_t stride, float *panel) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = source + r * stride;
        float *out = panel + r * SIMD_TILE_COLUMNS;
        if (columns == SIMD_TILE_COLUMNS) {
#pragma clang loop unroll(full)
            for (size_t c = 0; c < SIMD_TILE_COLUMNS; c += SIMD_WIDTH) v_store(out + c, v_load(row + c));
        } else {
            for (size_t c = 0; c < columns; c += SIMD_WIDTH) {
                v_store(out + c, v_load_lanes(row + c, lanes_at(c, columns)));
            }
        }
    }
}

SIMD_CASE_INLINE void weight_gradient_of(
    const size_t rows, const size_t vectors, const bool masked, const snn_weight_gradient_tile *tile) {
    const tile_form form = {
        .rows = rows,
        .vectors = vectors,
        .parts = TILE_PARTS(vectors),
        .reach = rows_side_by_side,
        .masked = masked,
        .fetches = true,
    };
    const float *ahead = tile->ahead + tile_prefetched_rows * tile->ahead_step;
    tile_accumulators acc;
    tile_clear(form, acc);
    for (size_t outer = 0; outer < tile->counts[0]; outer++) {
        for (size_t middle = 0; middle < tile->counts[1]; middle++) {
            tile_position at = {
                .a = {tile->a + outer * tile->a_steps[0] + middle * tile->a_steps[1]},
                .a_row = 1,
                .a_depth = tile->a_steps[2],
                .b = tile->b + outer * tile->b_steps[0] + middle * tile->b_steps[1],
                .b_depth = tile->b_steps[2],
                .ahead = ahead,
                .ahead_depth = tile->ahead_step,
                .tail = tile->columns - (vectors - 1) * SIMD_WIDTH,
            };
            tile_accumulate(form, acc, tile->counts[2], &at);
            ahead = at.ahead;
        }
    }
    float *c[SIMD_TALL_TILE_ROWS];
    tile_locate_rows(form, tile->c, tile->c_row, c);
    tile_store(form, acc, tile->columns, 1, tile->beta, NULL, c);
}

SIMD_INLINE void weight_gradient_whole_sized(
    const size_t rows, const size_t vectors, const snn_weight_gradient_tile *tile) {
    weight_gradient_of(rows, vectors, false, tile);
}
TILE_VARIANTS(weight_gradient_whole, snn_weight_gradient_tile)

SIMD_INLINE void weight_gradient_masked_sized(
    const size_t rows, const size_t vectors, const snn_weight_gradient_tile *tile) {
    weight_gradient_of(rows, vectors, true, tile);
}
TILE_VARIANTS(weight_gradient_masked, snn_weight_gradient_tile)

static void weight_gradient_tile(const snn_weight_gradient_tile *tile) {
    if (tile->rows == 0 || tile->columns == 0) return;
    const bool whole = tile->b_padded || tile->columns % SIMD_WIDTH == 0;
    whole ? TILE_CALL(weight_gradient_whole, tile) : TILE_CALL(weight_gradient_masked, tile);
}

/// `vectors` independent sums (a constant), so that one addition need not wait for another.
SIMD_INLINE void depthwise_gradient_channels(
    const size_t vectors, const bool dense, const snn_depthwise_gradient *sum, size_t first, size_t tail) {
    const size_t b_lane = dense ? 1 : sum->b_lane, lanes = dense ? SIMD_WIDTH : tail;
    vf acc[SIMD_TILE_VECTORS * 2];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) acc[v] = v_zero();
    for (size_t image = 0; image < sum->images; image++) {
        for (size_t line = 0; line < sum->lines; line++) {
            const float *a = sum->a + image * sum->a_image + line * sum->a_line + first;
            const float *b = sum->b + image * sum->b_image + line * sum->b_line + first * b_lane;
            for (size_t pixel = 0; pixel < sum->pixels; pixel++) {
#pragma clang loop unroll(full)
                for (size_t v = 0; v < vectors; v++) {
                    const vf x = v_load_lanes(a + pixel * sum->a_pixel + v * SIMD_WIDTH, lanes);
                    const vf dy = load_strided(b + pixel * sum->b_pixel + v * SIMD_WIDTH * b_lane, b_lane, lanes);
                    acc[v] = v_fma(x, dy, acc[v]);
                }
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        float *c = sum->c + first + v * SIMD_WIDTH;
        if (sum->beta != 0) acc[v] = v_fma(v_set1(sum->beta), v_load_lanes(c, lanes), acc[v]);
        v_store_lanes(c, acc[v], lanes);
    }
}

static void depthwise_gradient(const snn_depthwise_gradient *sum) {
    enum { vectors = SIMD_TILE_VECTORS * 2, columns = vectors * SIMD_WIDTH };
    size_t c = 0;
    for (; sum->b_lane == 1 && c + columns <= sum->channels; c += columns) {
        depthwise_gradient_channels(vectors, true, sum, c, SIMD_WIDTH);
    }
    for (; c < sum->channels; c += SIMD_WIDTH) {
        depthwise_gradient_channels(1, false, sum, c, lanes_at(c, sum->channels));
    }
}
