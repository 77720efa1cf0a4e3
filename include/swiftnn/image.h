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

/// The sizes of snn_resize.
typedef struct {
    size_t batch, height, width, channels;
    size_t out_height, out_width;
} snn_resize_shape;

size_t snn_resize_workspace_size(const snn_resize_shape *shape);

/// y = x at another size: every new pixel is a mean of the old ones around its place, weighted by a triangle as wide as
/// two pixels of the coarser image on each axis (bilinear with antialiasing, as PyTorch's
/// `interpolate(antialias=True)`).
///
/// Channels-last: x [batch, height, width, channels], y [batch, out_height, out_width, channels].
void snn_resize(const snn_resize_shape *shape, const float *x, float *y, void *workspace);

/// out[b] = labels[indices[b]].
void snn_gather_labels(size_t batch, const int32_t *labels, const int32_t *indices, int32_t *out);

#endif
