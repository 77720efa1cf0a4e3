// Batches of uint8 images to normalised float32.
#ifndef SWIFTNN_IMAGE_H
#define SWIFTNN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/// out[b][p][c] = images[indices[b]][p][c] * scale[c] + shift[c], for `batch` images of `pixels` x `channels` bytes,
/// channels-last. With mean and deviation of bytes / 255: scale = 1 / (255 * deviation), shift = -mean / deviation.
void snn_images_to_float(size_t batch, size_t pixels, size_t channels, const uint8_t *images, const int32_t *indices,
    const float *scale, const float *shift, float *out);

/// The sums of the numbers and of their squares, exact, of each channel of `pixels` x `channels` bytes.
void snn_channel_sums(size_t pixels, size_t channels, const uint8_t *x, uint64_t *sums, uint64_t *squares);

/// out[b] = labels[indices[b]].
void snn_gather_labels(size_t batch, const int32_t *labels, const int32_t *indices, int32_t *out);

#endif
