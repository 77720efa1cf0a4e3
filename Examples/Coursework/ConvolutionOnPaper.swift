import ArgumentParser
import SwiftNN

/// A convolution and a pooling, small enough to be checked on paper.
///
/// 1. A zero-padded convolution with a 3×3 filter that keeps the size of a 4×4 image.
/// 2. Why none with stride 2 does: a side of n becomes ⌊(n + 2p − k) / s⌋ + 1 with padding p, filter k and stride s.
/// 3. Average pooling of 2×2 windows with stride 2.
/// 4. The convolution that equals this pooling: the filter ¼ ¼ ¼ ¼, stride 2, no padding.
///
/// As in all neural networks the filter is not turned around: mathematicians call this cross-correlation.
struct ConvolutionOnPaper: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolution-on-paper", abstract: "Convolution, padding and pooling with numbers as on paper.")

    static let image = Tensor([1, 2, 3, 0, 0, 1, 2, 3, 3, 0, 1, 2, 2, 3, 0, 1], shape: [4, 4])
    static let filter = Tensor([2, 0, 1, 0, 1, 2, 1, 0, 2], shape: [3, 3])
    static let quarter = Tensor(repeating: 0.25, shape: [2, 2])

    func run() throws {
        print("image\n\(matrixText(Self.image, digits: 0))\nfilter\n\(matrixText(Self.filter, digits: 0))")
        let kept = try Self.convolve(Self.image, Self.filter, padding: 1)
        print("\nconvolution, padding 1, stride 1: the size is kept\n\(matrixText(kept, digits: 0))")
        print("its first number: \(Self.firstSum())")

        print("\nstride 2 cannot keep the size")
        for padding in 0...2 {
            let side = Self.outputSide(4, kernel: 3, stride: 2, padding: padding)
            print("padding \(padding): ⌊(4 + 2·\(padding) − 3) / 2⌋ + 1 = \(side)")
        }
        do {
            _ = try Self.convolve(Self.image, Self.filter, stride: 2, padding: .same)
        } catch {
            print("SwiftNN says: \(error)")
        }

        print("\naverage pooling, 2×2, stride 2\n\(matrixText(try Self.averagePool(Self.image), digits: 2))")
        let same = try Self.convolve(Self.image, Self.quarter, stride: 2)
        print("convolution with ¼ ¼ ¼ ¼, stride 2, no padding\n\(matrixText(same, digits: 2))")
    }

    /// The products whose sum is the first number, over the filter with its centre on the image's first pixel.
    private static func firstSum() -> String {
        let products = (0..<9).map { place -> (weight: Float, pixel: Float) in
            let (row, column) = (place / 3, place % 3)
            return (filter[row, column], row > 0 && column > 0 ? image[row - 1, column - 1] : 0)
        }
        let sum = products.reduce(0) { $0 + $1.weight * $1.pixel }
        let terms = products.map { "\(Int($0.weight))·\(Int($0.pixel))" }.joined(separator: " + ")
        return "\(terms) = \(Int(sum))"
    }

    /// ⌊(n + 2p − k) / s⌋ + 1.
    static func outputSide(_ side: Int, kernel: Int, stride: Int, padding: Int) -> Int {
        (side + 2 * padding - kernel) / stride + 1
    }

    /// The convolution of an image of one channel with a square filter.
    static func convolve(_ image: Tensor, _ filter: Tensor, stride: Int = 1, padding: Padding = .valid) throws -> Tensor
    {
        let layer = Conv2d(
            1, 1, kernelSize: SpatialSize(filter.shape[0]), stride: SpatialSize(stride), padding: padding, bias: false)
        layer.weight.value = filter.reshaped([1, 1] + filter.shape)
        return try apply(layer, to: image)
    }

    /// The mean of each window of 2×2.
    static func averagePool(_ image: Tensor) throws -> Tensor { try apply(AvgPool2d(2), to: image) }

    private static func apply(_ layer: some StandaloneLayer, to image: Tensor) throws -> Tensor {
        let output = try layer(image.reshaped([1, 1] + image.shape))
        return output.reshaped(Array(output.shape.suffix(2)))
    }
}
