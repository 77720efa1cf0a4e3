// The transforms of winograd_kernels.h for all channels, with WINOGRAD_TAPS taps and WINOGRAD_POINTS points a side:
// included once for each of these; where WINOGRAD_SUMS_GRADIENTS, also those of weight gradients.
#define WINOGRAD_PASTE(a, b) a##_##b
#define WINOGRAD_JOIN(a, b) WINOGRAD_PASTE(a, b)
#define WINOGRAD_NAME(name) WINOGRAD_JOIN(winograd_##name, WINOGRAD_POINTS)
#define WINOGRAD_FINITE (WINOGRAD_POINTS - 1)
#define WINOGRAD_SIDE (WINOGRAD_POINTS + 1 - WINOGRAD_TAPS)
#define WINOGRAD_UPPER (WINOGRAD_POINTS / 2)
#define WINOGRAD_TRANSFORM(kind, numbers) \
    { kind, WINOGRAD_POINTS, numbers, WINOGRAD_NAME(pairs) }

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

/// Runs the statement with a number of finite points as a constant. Two taps always have all.
#define WINOGRAD_WITH_CASE(number, known, ...)                                               \
    case number:                                                                             \
        if (number == WINOGRAD_FINITE || (number < WINOGRAD_FINITE && WINOGRAD_TAPS == 3)) { \
            enum { known = number };                                                         \
            __VA_ARGS__                                                                      \
        }                                                                                    \
        break;
#define WINOGRAD_WITH(finite, known, ...)         \
    switch (finite) {                             \
        WINOGRAD_WITH_CASE(2, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(3, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(4, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(5, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(6, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(7, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(8, known, __VA_ARGS__) \
        WINOGRAD_WITH_CASE(9, known, __VA_ARGS__) \
    }

/// Runs the statement with the format of pixels that are read as a constant.
#define WINOGRAD_WITH_INPUT(format, known, ...) \
    if ((format) == SNN_BFLOAT16) {             \
        enum { known = SNN_BFLOAT16 };          \
        __VA_ARGS__                             \
    } else {                                    \
        enum { known = SNN_FLOAT32 };           \
        __VA_ARGS__                             \
    }

/// Three taps always have products at infinity: then this is a constant.
SIMD_INLINE snn_winograd_infinity WINOGRAD_NAME(infinity)(snn_winograd_infinity infinity) {
    return WINOGRAD_TAPS == 3 ? winograd_everywhere : infinity;
}

/// Whether a square is computed without loops, which few points gain by: whole vectors of one that is not cut, or by
/// one result.
#define WINOGRAD_IS_UNROLLED \
    (WINOGRAD_POINTS <= 6 && lanes == SIMD_WIDTH && down + 1 >= WINOGRAD_FINITE && right + 1 >= WINOGRAD_FINITE)

/// Runs the statement with the first and the end of the lines that are written as constants.
#define WINOGRAD_WITH_LINES(lines, first, end, ...)                 \
    switch (lines) {                                                \
        case SNN_WINOGRAD_ALL: {                                    \
            enum { first = 0, end = WINOGRAD_POINTS };              \
            __VA_ARGS__                                             \
        } break;                                                    \
        case SNN_WINOGRAD_UPPER: {                                  \
            enum { first = 0, end = WINOGRAD_UPPER };               \
            __VA_ARGS__                                             \
        } break;                                                    \
        case SNN_WINOGRAD_LOWER: {                                  \
            enum { first = WINOGRAD_UPPER, end = WINOGRAD_POINTS }; \
            __VA_ARGS__                                             \
        } break;                                                    \
    }

/// A square to lines of planes, `lanes` channels of it: without loops, or with them.
#define WINOGRAD_SPREAD                                                                                                \
    if (WINOGRAD_IS_UNROLLED) {                                                                                        \
        WINOGRAD_WITH_INPUT(format, known, WINOGRAD_WITH_LINES(lines, first, end, {                                    \
            winograd_spread(transform, streams, first, end, known, pixels, next, fetched, down, right, there, channel, \
                out, plane);                                                                                           \
        }))                                                                                                            \
    } else {                                                                                                           \
        winograd_half half;                                                                                            \
        WINOGRAD_WITH_INPUT(format, known, WINOGRAD_WITH_LINES(lines, first, end, WINOGRAD_WITH(down, finite, {        \
            for (size_t x = 0; x < winograd_row_numbers(transform, right); x++) {                                      \
                winograd_spread_column(                                                                                \
                    transform, finite, first, end, known, pixels, next, fetched, x, channel, lanes, half);             \
            }                                                                                                          \
        })))                                                                                                           \
        const size_t first = lines == SNN_WINOGRAD_LOWER ? WINOGRAD_UPPER : 0;                                         \
        const size_t end = lines == SNN_WINOGRAD_UPPER ? WINOGRAD_UPPER : WINOGRAD_POINTS;                             \
        WINOGRAD_WITH(right, finite, {                                                                                 \
            for (size_t y = first; y < end; y++) {                                                                     \
                winograd_spread_row(transform, finite, streams, half, y, down, there, channel, lanes, out, plane);     \
            }                                                                                                          \
        })                                                                                                             \
    }

/// Runs the statement with the format of pixels that are written as a constant.
#define WINOGRAD_WITH_OUTPUT(format, known, ...) \
    switch (format) {                            \
        case SNN_FLOAT32: {                      \
            enum { known = SNN_FLOAT32 };        \
            __VA_ARGS__                          \
        } break;                                 \
        case SNN_ROUNDED: {                      \
            enum { known = SNN_ROUNDED };        \
            __VA_ARGS__                          \
        } break;                                 \
        case SNN_BFLOAT16: {                     \
            enum { known = SNN_BFLOAT16 };       \
            __VA_ARGS__                          \
        } break;                                 \
    }

/// Planes to a square of pixels, `lanes` channels of it.
#define WINOGRAD_GATHER                                                                                      \
    if (WINOGRAD_IS_UNROLLED) {                                                                              \
        WINOGRAD_WITH_OUTPUT(format, known,                                                                  \
            { winograd_gather(transform, in, plane, down, right, there, bias, known, pixels, channel); })    \
    } else {                                                                                                 \
        winograd_half half;                                                                                  \
        WINOGRAD_WITH(down, finite, {                                                                        \
            for (size_t x = 0; x < WINOGRAD_POINTS; x++) {                                                   \
                winograd_gather_column(transform, finite, in, plane, x, right, there, channel, lanes, half); \
            }                                                                                                \
        })                                                                                                   \
        WINOGRAD_WITH_OUTPUT(format, known, WINOGRAD_WITH(right, finite, {                                   \
            for (size_t y = 0; y < winograd_row_numbers(transform, down); y++) {                             \
                winograd_gather_row(transform, finite, half, y, bias, known, pixels, channel, lanes);        \
            }                                                                                                \
        }))                                                                                                  \
    }

static void WINOGRAD_NAME(spread_data)(size_t channels, snn_number_format format, const void *const *pixels,
    const void *const *next, snn_winograd_lines lines, snn_winograd_infinity infinity, snn_winograd_results results,
    float *out, size_t plane) {
    const winograd_transform transform = WINOGRAD_TRANSFORM(WINOGRAD_DATA, WINOGRAD_POINTS);
    const snn_winograd_infinity there = WINOGRAD_NAME(infinity)(infinity);
    const size_t down = winograd_finite(WINOGRAD_POINTS, WINOGRAD_TAPS, results.down);
    const size_t right = winograd_finite(WINOGRAD_POINTS, WINOGRAD_TAPS, results.right);
    const size_t fetched = WINOGRAD_SIDE;
    const bool streams = false;
    WINOGRAD_FOR_CHANNELS(channel, lanes, 0, channels, {WINOGRAD_SPREAD});
}

static void WINOGRAD_NAME(spread_weights)(size_t channels, const void *const *pixels, float *out, size_t plane) {
    const winograd_transform transform = WINOGRAD_TRANSFORM(WINOGRAD_FILTER, WINOGRAD_TAPS);
    const snn_winograd_infinity there = winograd_everywhere;
    const size_t down = WINOGRAD_FINITE, right = WINOGRAD_FINITE, fetched = 0, lanes = SIMD_WIDTH;
    const snn_number_format format = SNN_FLOAT32;
    const snn_winograd_lines lines = SNN_WINOGRAD_ALL;
    const void *const *next = NULL;
    const bool streams = true;
    for (size_t channel = 0; channel < channels; channel += SIMD_WIDTH) {
        WINOGRAD_SPREAD
    }
}

static void WINOGRAD_NAME(gather_output)(size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity,
    snn_winograd_results results, const float *bias, snn_number_format format, void *const *pixels) {
    const winograd_transform transform = WINOGRAD_TRANSFORM(WINOGRAD_RESULT, WINOGRAD_SIDE);
    const snn_winograd_infinity there = WINOGRAD_NAME(infinity)(infinity);
    const size_t down = winograd_finite(WINOGRAD_POINTS, WINOGRAD_TAPS, results.down);
    const size_t right = winograd_finite(WINOGRAD_POINTS, WINOGRAD_TAPS, results.right);
    WINOGRAD_FOR_CHANNELS(channel, lanes, 0, channels, {WINOGRAD_GATHER});
}

#if defined(WINOGRAD_SUMS_GRADIENTS)
static void WINOGRAD_NAME(spread_gradient)(size_t first_channel, size_t end_channel, snn_number_format format,
    const void *const *pixels, const void *const *next, snn_winograd_lines lines, snn_winograd_results results,
    float *out, size_t plane) {
    const winograd_transform transform = WINOGRAD_TRANSFORM(WINOGRAD_FILTER, WINOGRAD_SIDE);
    const snn_winograd_infinity there = winograd_everywhere;
    const size_t down = winograd_finite(WINOGRAD_POINTS, WINOGRAD_TAPS, results.down);
    const size_t right = winograd_finite(WINOGRAD_POINTS, WINOGRAD_TAPS, results.right);
    const size_t fetched = WINOGRAD_SIDE;
    const bool streams = false;
    WINOGRAD_FOR_CHANNELS(channel, lanes, first_channel, end_channel, {WINOGRAD_SPREAD});
}

static void WINOGRAD_NAME(gather_weights)(
    size_t channels, const float *in, size_t plane, snn_winograd_infinity infinity, void *const *pixels) {
    const winograd_transform transform = WINOGRAD_TRANSFORM(WINOGRAD_RESULT, WINOGRAD_TAPS);
    const snn_winograd_infinity there = WINOGRAD_NAME(infinity)(infinity);
    const size_t down = WINOGRAD_FINITE, right = WINOGRAD_FINITE;
    const snn_number_format format = SNN_FLOAT32;
    const float *bias = NULL;
    WINOGRAD_FOR_CHANNELS(channel, lanes, 0, channels, {WINOGRAD_GATHER});
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

#undef WINOGRAD_GATHER
#undef WINOGRAD_SPREAD
#undef WINOGRAD_WITH_LINES
#undef WINOGRAD_WITH_OUTPUT
#undef WINOGRAD_IS_UNROLLED
#undef WINOGRAD_WITH_INPUT
#undef WINOGRAD_WITH
#undef WINOGRAD_WITH_CASE
#undef WINOGRAD_FOR_CHANNELS
#undef WINOGRAD_TRANSFORM
#undef WINOGRAD_UPPER
#undef WINOGRAD_SIDE
#undef WINOGRAD_FINITE
#undef WINOGRAD_NAME
#undef WINOGRAD_JOIN
#undef WINOGRAD_PASTE
#undef WINOGRAD_POINTS
#undef WINOGRAD_SUMS_GRADIENTS
#undef WINOGRAD_TAPS
