// The sum over taps across images, for convolutions of which much is padding.
#ifndef SNN_CONV_IMAGES_H
#define SNN_CONV_IMAGES_H

#include "conv/gather.h"

/// Whether conv_images serves the geometry faster than conv_gather.
bool conv_prefers_images(const conv_geometry *geometry);

/// The same sum as conv_gather.
void conv_images(const conv_geometry *geometry, const conv_operands *operands);

#endif
