// Batches of uint8 images, gathered and normalised in one pass.
#include "swiftnn/image.h"

#include "image/factor_pattern.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

void snn_images_to_float(size_t batch, size_t pixels, size_t channels, const uint8_t *images, const int32_t *indices,
    const float *scale, const float *shift, float *out) {
    const size_t image = pixels * channels;
    if (image == 0) return;
    const snn_kernel_table *kernels = snn_kernels();
    factor_pattern pattern;
    make_pattern(channels, scale, shift, &pattern);
    // Large images are shared out in pieces of whole periods.
    const size_t piece = snn_round_up(SNN_SPAN, pattern.period), pieces = snn_ceil_div(image, piece);
    SNN_PARALLEL_FOR_2(
        snn_threads_for(batch * image), for (size_t b = 0; b < batch; b++) {
            for (size_t p = 0; p < pieces; p++) {
                const uint8_t *in = images + (size_t)indices[b] * image + p * piece;
                kernels->bytes_to_float(snn_min(piece, image - p * piece), pattern.period, in, pattern.scale,
                    pattern.shift, out + b * image + p * piece);
            }
        });
}

void snn_gather_labels(size_t batch, const int32_t *labels, const int32_t *indices, int32_t *out) {
    for (size_t b = 0; b < batch; b++) out[b] = labels[indices[b]];
}
