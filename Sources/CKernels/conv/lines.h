// Convolutions whose kernel rows are folded.
#ifndef SNN_CONV_LINES_H
#define SNN_CONV_LINES_H

#include <stdint.h>

#include "conv/gather.h"

/// The same as conv_gather, for the geometry of a folded forward pass. Where narrow_target is not NULL, the target is
/// there, at 16 bits.
void conv_lines(const conv_geometry *geometry, const conv_operands *operands, uint16_t *narrow_target, void *workspace);

/// Of a narrow target.
size_t conv_lines_workspace_size(const conv_geometry *geometry);

#endif
