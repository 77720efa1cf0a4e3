// Augmentation of uint8 images: windows of them, mirrored and with parts cut out, to normalised float32.
#ifndef SWIFTNN_AUGMENT_H
#define SWIFTNN_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What a window shows beyond the edges of its image.
typedef enum {
    SNN_EDGE_BLACK,    ///< bytes of 0
    SNN_EDGE_REFLECT,  ///< the image mirrored at its edge pixels, which are not repeated
} snn_edge;

/// The sizes of snn_views_to_float.
typedef struct {
    size_t batch, height, width, channels;  ///< of the images
    size_t out_height, out_width;           ///< of the windows
    snn_edge edge;
} snn_view_shape;

/// What becomes of one image.
typedef struct {
    int32_t top, left;  ///< of the window in the image, also negative
    bool mirrored;      ///< left and right of the window are swapped
    /// A rectangle of the window whose numbers become 0: the mean, where the images are normalised.
    int32_t cut_top, cut_left, cut_height, cut_width;
} snn_image_view;

/// out[b] = view b of images[indices[b]], with every byte times its channel's scale plus its shift as in
/// snn_images_to_float.
///
/// Channels-last: images [., height, width, channels], out [batch, out_height, out_width, channels].
void snn_views_to_float(const snn_view_shape *shape, const uint8_t *images, const int32_t *indices,
    const snn_image_view *views, const float *scale, const float *shift, float *out);

/// In place, row i becomes own * row i + (1 - own) * row (rows - 1 - i).
void snn_mix_rows(size_t rows, size_t size, float own, float *x);

#endif
