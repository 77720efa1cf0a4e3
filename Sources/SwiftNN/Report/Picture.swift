#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A small picture, grey or in colour.
public struct Picture: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// 1 for grey, 3 for red, green, blue.
    public let channels: Int
    /// Rows from the top, pixels from the left, the channels of a pixel beside each other.
    public let pixels: [UInt8]

    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(channels == 1 || channels == 3, "Picture: \(channels) channels, expected 1 or 3")
        precondition(
            width > 0 && height > 0 && pixels.count == width * height * channels,
            "Picture: \(pixels.count) bytes for \(width) x \(height) pixels of \(channels) channels")
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }

    /// A picture from one plane per channel, as MNIST and CIFAR-10 files have them.
    public init(width: Int, height: Int, channels: Int, planes: some RandomAccessCollection<UInt8>) {
        let planes = Array(planes)
        let size = width * height
        precondition(
            planes.count == size * channels,
            "Picture: \(planes.count) bytes for \(channels) planes of \(width) x \(height) pixels")
        let pixels = (0..<size).flatMap { pixel in (0..<channels).map { planes[$0 * size + pixel] } }
        self.init(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// A picture of a tensor's numbers, such as an image or a filter.
    ///
    /// - Parameters:
    ///   - tensor: [H, W] or [C, H, W] with C of 1 or 3.
    ///   - range: the numbers of black and of full brightness; what is outside is cut off.
    public init(_ tensor: Tensor, range: ClosedRange<Float> = 0...1) {
        let shape = tensor.rank == 2 ? [1] + tensor.shape : tensor.shape
        precondition(shape.count == 3, "Picture: a tensor of shape \(tensor.shape), expected [H, W] or [C, H, W]")
        let extent = range.upperBound - range.lowerBound
        let planes = tensor.scalars.map { number in
            let brightness = (number - range.lowerBound) / (extent > 0 ? extent : 1)
            // NaN is black: max takes the number.
            return UInt8((255 * min(Float.maximum(brightness, 0), 1)).rounded())
        }
        self.init(width: shape[2], height: shape[1], channels: shape[0], planes: planes)
    }

    /// The bytes of the picture as a PNG file.
    public var png: [UInt8] { PNG.encode(width: width, height: height, channels: channels, pixels: pixels) }

    /// The picture as a URL that needs no file.
    var dataURI: String { "data:image/png;base64," + Data(png).base64EncodedString() }
}

extension ImageDataset {
    /// The picture of an image of one or three channels, as it came.
    public func picture(of index: Int) -> Picture {
        precondition(
            (0..<count).contains(index), "ImageDataset.picture: there is no image \(index) among \(count)")
        return Picture(width: shape[2], height: shape[1], channels: shape[0], pixels: Array(self[index]))
    }
}
