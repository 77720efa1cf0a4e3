// The sum over taps, in the way that serves a geometry fastest.
#ifndef SNN_CONV_DIRECT_H
#define SNN_CONV_DIRECT_H

#include "conv/gather.h"

void conv_direct(const conv_geometry *geometry, const conv_operands *operands);

#endif
