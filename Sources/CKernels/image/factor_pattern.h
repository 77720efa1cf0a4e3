// The factors that turn bytes to floats, written out for several pixels where images have few channels, so that a
// vector spans pixels.
#ifndef SNN_FACTOR_PATTERN_H
#define SNN_FACTOR_PATTERN_H

#include <stddef.h>

enum {
    most_repeated = 8,  ///< images of up to so many channels have their factors written out for several pixels
    repeats = 16,       ///< pixels: a multiple of every vector width, so that the period is one, too
};

/// The factors of a few pixels in a row. The period of images with many channels is that of the channels.
typedef struct {
    size_t period;
    const float *scale, *shift;
    float repeated_scale[most_repeated * repeats], repeated_shift[most_repeated * repeats];
} factor_pattern;

static inline void make_pattern(size_t channels, const float *scale, const float *shift, factor_pattern *pattern) {
    if (channels > most_repeated) {
        pattern->period = channels;
        pattern->scale = scale;
        pattern->shift = shift;
        return;
    }
    pattern->period = channels * repeats;
    for (size_t i = 0; i < pattern->period; i++) {
        pattern->repeated_scale[i] = scale[i % channels];
        pattern->repeated_shift[i] = shift[i % channels];
    }
    pattern->scale = pattern->repeated_scale;
    pattern->shift = pattern->repeated_shift;
}

#endif
