// Images of few channels, which would leave most of a vector empty: neighbouring pixels of a line, which lie behind one
// another in memory, are summed as if they were the channels of one pixel. Its weights are those of each of its pixels,
// moved to the taps through which that reads, and zeros.
#ifndef SNN_CONV_JOINED_H
#define SNN_CONV_JOINED_H

#include "swiftnn/conv.h"

/// How many pixels of the output are joined; 1 where none are, as in all that is not summed directly.
size_t conv_joined_outputs(const snn_conv_shape *shape);

/// The same for pixels of dx.
size_t conv_joined_inputs(const snn_conv_shape *shape);

/// The same convolution, to an output of joined pixels.
snn_conv_shape conv_join_outputs(const snn_conv_shape *shape);

/// The epilogue for joined pixels, whose bias is made.
snn_epilogue conv_join_epilogue(const snn_conv_shape *shape, const snn_epilogue *epilogue, float *bias);

#endif
