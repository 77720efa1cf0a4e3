// Convolutions whose kernel rows are folded.
#ifndef SNN_CONV_LINES_H
#define SNN_CONV_LINES_H

#include "conv/gather.h"

/// The same as conv_gather, for the geometry of a folded forward pass.
void conv_lines(const conv_geometry *geometry, const conv_operands *operands);

#endif
