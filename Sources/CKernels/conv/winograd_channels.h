// The transforms of winograd_kernels.h for all channels, with WINOGRAD_TAPS taps, WINOGRAD_POINTS points and
// WINOGRAD_SIDE results a side: included once for each of these; where WINOGRAD_SUMS_GRADIENTS, also those of weight
// gradients.
#define WINOGRAD_PASTE(a, b) a##_##b
#define WINOGRAD_JOIN(a, b) WINOGRAD_PASTE(a, b)
#define WINOGRAD_NAME(name) WINOGRAD_JOIN(winograd_##name, WINOGRAD_POINTS)

/// Runs the call for the channels [first, end), `lanes` of them from `channel` on.
#define WINOGRAD_FOR_CHANNELS(channel, lanes, first_channel, end_channel, ...) \
    do {                                                                       \
        size_t channel = (first_channel);                                      \
        for (; channel + SIMD_WIDTH <= (end_channel); channel += SIMD_WIDTH) { \
            const size_t lanes = SIMD_WIDTH;                                   \
            __VA_ARGS__                                                        \
        }                                                                      \
        if (channel < (end_channel)) {                                         \
            const size_t lanes = (end_channel)-channel;                        \
            __VA_ARGS__                                                        \
        }                                                                      \
    } while (0)

/// Three taps always have products at infinity: then this is a constant.
SIMD_INLINE snn_winograd_infinity WINOGRAD_NAME(infinity)(snn_winograd_infinity infinity) {
    return WINOGRAD_TAPS == 3 ? winograd_everywhere : infinity;
}

/// Runs the statement for a tile's cut, which is a constant for the uncut: only tiles of six points are cut.
#define WINOGRAD_BY_CUT(there_cut, ...)                        \
    if (WINOGRAD_POINTS == 6 && ((cut).down || (cut).right)) { \
        const snn_winograd_cut there_cut = cut;                \
        __VA_ARGS__                                            \
    } else {                                                   \
        const snn_winograd_cut there_cut = winograd_uncut;     \
        __VA_ARGS__                                            \
    }

/// A square for all channels, in some lines of planes.
#define WINOGRAD_SPREAD(size, first, end, transform, cut_transform, format, infinity)                                  \
    WINOGRAD_BY_CUT(known_cut, {                                                                                       \
        WINOGRAD_FOR_CHANNELS(c, lanes, first_channel, end_channel, {                                                  \
            winograd_spread(WINOGRAD_POINTS, WINOGRAD_SIDE, size, first, end, transform, cut_transform, false, format, \
                pixels, next, infinity, known_cut, c, lanes, out, plane);                                              \
        });                                                                                                            \
    })
#define WINOGRAD_SPREAD_LINES(size, transform, cut_transform, format, infinity)                                 \
    switch (lines) {                                                                                            \
        case SNN_WINOGRAD_ALL:                                                                                  \
            WINOGRAD_SPREAD(size, 0, WINOGRAD_POINTS, transform, cut_transform, format, infinity);              \
            break;                                                                                              \
        case SNN_WINOGRAD_UPPER:                                                                                \
            WINOGRAD_SPREAD(size, 0, winograd_upper, transform, cut_transform, format, infinity);               \
            break;                                                                                              \
        case SNN_WINOGRAD_LOWER:                                                                                \
            WINOGRAD_SPREAD(size, winograd_upper, WINOGRAD_POINTS, transform, cut_transform, format, infinity); \
            break;                                                                                              \
    }

static void WINOGRAD_NAME(spread_data)(size_t channels, snn_number_format format, const void *const *pixels,
    const void *const *next, snn_winograd_lines lines, snn_winograd_infinity infinity, snn_winograd_cut cut, float *out,
    size_t plane) {
    const snn_winograd_infinity there = WINOGRAD_NAME(infinity)(infinity);
    const size_t first_channel = 0, end_channel = channels;
    if (format == SNN_BFLOAT16) {
        WINOGRAD_SPREAD_LINES(WINOGRAD_POINTS, WINOGRAD_NAME(data), winograd_data_cut, SNN_BFLOAT16, there)
    } else {
        WINOGRAD_SPREAD_LINES(WINOGRAD_POINTS, WINOGRAD_NAME(data), winograd_data_cut, SNN_FLOAT32, there)
    }
}

static void WINOGRAD_NAME(spread_weights)(size_t channels, const void *const *pixels, float *out, size_t plane) {
    for (size_t c = 0; c < channels; c += SIMD_WIDTH) {
        winograd_spread(WINOGRAD_POINTS, WINOGRAD_SIDE, WINOGRAD_TAPS, 0, WINOGRAD_POINTS,
            WINOGRAD_JOIN(WINOGRAD_NAME(filter), WINOGRAD_TAPS), NULL, true, SNN_FLOAT32, pixels, NULL,
            winograd_everywhere, winograd_uncut, c, SIMD_WIDTH, out, plane);
    }
}

#if defined(WINOGRAD_SUMS_GRADIENTS)
static void WINOGRAD_NAME(spread_gradient)(size_t first_channel, size_t end_channel, snn_number_format format,
    const void *const *pixels, const void *const *next, snn_winograd_lines lines, snn_winograd_cut cut, float *out,
    size_t plane) {
    if (format == SNN_BFLOAT16) {
        WINOGRAD_SPREAD_LINES(
            4, WINOGRAD_JOIN(WINOGRAD_NAME(filter), 4), winograd_filter_6_3, SNN_BFLOAT16, winograd_everywhere)
    } else {
        WINOGRAD_SPREAD_LINES(
            4, WINOGRAD_JOIN(WINOGRAD_NAME(filter), 4), winograd_filter_6_3, SNN_FLOAT32, winograd_everywhere)
    }
}
#endif

#define WINOGRAD_GATHER(size, cut_transform, cut, bias, format)                                                     \
    WINOGRAD_FOR_CHANNELS(c, lanes, 0, channels, {                                                                  \
        winograd_store_square(WINOGRAD_POINTS, size, WINOGRAD_JOIN(WINOGRAD_NAME(result), size), cut_transform, in, \
            plane, there, cut, bias, format, pixels, c, lanes);                                                     \
    })
#define WINOGRAD_GATHER_OUTPUT(format) \
    WINOGRAD_BY_CUT(known_cut, { WINOGRAD_GATHER(WINOGRAD_SIDE, winograd_result_cut, known_cut, bias, format); })

static void WINOGRAD_NAME(gather_output)(size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity,
    snn_winograd_cut cut, const float *bias, snn_number_format format, void *const *pixels) {
    const snn_winograd_infinity there = WINOGRAD_NAME(infinity)(infinity);
    switch (format) {
        case SNN_FLOAT32: WINOGRAD_GATHER_OUTPUT(SNN_FLOAT32); break;
        case SNN_ROUNDED: WINOGRAD_GATHER_OUTPUT(SNN_ROUNDED); break;
        case SNN_BFLOAT16: WINOGRAD_GATHER_OUTPUT(SNN_BFLOAT16); break;
    }
}

#if defined(WINOGRAD_SUMS_GRADIENTS)
static void WINOGRAD_NAME(gather_weights)(
    size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity, void *const *pixels) {
    const snn_winograd_infinity there = WINOGRAD_NAME(infinity)(infinity);
    WINOGRAD_GATHER(WINOGRAD_TAPS, NULL, winograd_uncut, NULL, SNN_FLOAT32);
}
#endif

static const snn_winograd_transforms WINOGRAD_NAME(transforms) = {
    .side = WINOGRAD_SIDE,
    .spread_data = WINOGRAD_NAME(spread_data),
    .spread_weights = WINOGRAD_NAME(spread_weights),
    .gather_output = WINOGRAD_NAME(gather_output),
#if defined(WINOGRAD_SUMS_GRADIENTS)
    .spread_gradient = WINOGRAD_NAME(spread_gradient),
    .gather_weights = WINOGRAD_NAME(gather_weights),
#endif
};

#undef WINOGRAD_GATHER_OUTPUT
#undef WINOGRAD_GATHER
#undef WINOGRAD_SPREAD_LINES
#undef WINOGRAD_SPREAD
#undef WINOGRAD_BY_CUT
#undef WINOGRAD_FOR_CHANNELS
#undef WINOGRAD_SIDE
#undef WINOGRAD_NAME
#undef WINOGRAD_JOIN
#undef WINOGRAD_PASTE
#undef WINOGRAD_POINTS
#undef WINOGRAD_SUMS_GRADIENTS
#undef WINOGRAD_TAPS
