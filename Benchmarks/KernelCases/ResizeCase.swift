import CKernels

/// A batch of float images, and the size that they are brought to.
public struct ResizeCase: KernelCase {
    public var batch: Int, height: Int, width: Int, channels: Int
    public var outHeight: Int, outWidth: Int

    public var description: String {
        "resize \(batch)x\(height)x\(width)x\(channels) to \(outHeight)x\(outWidth)"
    }
    public var operations: Int { batch * outHeight * outWidth * channels }

    public var shape: snn_resize_shape {
        snn_resize_shape(
            batch: batch, height: height, width: width, channels: channels, out_height: outHeight, out_width: outWidth)
    }

    public static let all: [ResizeCase] = [
        // Nothing to read or to write.
        (0, 4, 4, 3, 2, 2), (2, 4, 4, 0, 2, 2), (2, 0, 4, 3, 2, 2), (2, 4, 4, 3, 0, 2),
        // One pixel, from and to; the same size; twice the size and half of it.
        (1, 1, 1, 1, 5, 3), (2, 5, 3, 2, 1, 1), (2, 6, 7, 3, 6, 7), (2, 4, 5, 3, 8, 10), (2, 8, 10, 3, 4, 5),
        // Sizes that do not divide each other, smaller on one axis and larger on the other; many channels.
        (3, 7, 11, 4, 5, 13), (2, 9, 4, 17, 2, 9), (1, 50, 3, 1, 7, 2), (2, 3, 3, 33, 4, 2),
        (16, 32, 32, 3, 24, 24), (8, 28, 28, 1, 20, 20),
    ].map { ResizeCase(batch: $0, height: $1, width: $2, channels: $3, outHeight: $4, outWidth: $5) }
}
