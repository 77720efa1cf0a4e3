#include "conv/direct.h"

#include "conv/depthwise.h"
#include "conv/images.h"

void conv_direct(const conv_geometry *geometry, const conv_operands *operands) {
    if (geometry->depthwise) {
        conv_depthwise(geometry, operands);
    } else if (conv_prefers_images(geometry)) {
        conv_images(geometry, operands);
    } else {
        conv_gather(geometry, operands);
    }
}
