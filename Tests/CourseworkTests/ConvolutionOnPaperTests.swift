import ReferenceKernels
import SwiftNN
import Testing

@testable import coursework

@Suite struct ConvolutionOnPaperTests {
    private static let image = doubles(ConvolutionOnPaper.image.scalars)

    @Test func zeroPaddingKeepsTheSize() throws {
        let kept = try ConvolutionOnPaper.convolve(ConvolutionOnPaper.image, ConvolutionOnPaper.filter, padding: 1)
        let filter = doubles(ConvolutionOnPaper.filter.scalars)
        let expected = (0..<16).map { place in
            (0..<9).reduce(0.0) { sum, tap in
                let (row, column) = (place / 4 + tap / 3 - 1, place % 4 + tap % 3 - 1)
                guard (0..<4).contains(row), (0..<4).contains(column) else { return sum }
                return sum + filter[tap] * Self.image[row * 4 + column]
            }
        }
        #expect(kept == Tensor(floats(expected), shape: [4, 4]))
    }

    @Test func strideTwoCannotKeepTheSize() throws {
        for padding in 0...2 {
            let result = try ConvolutionOnPaper.convolve(
                ConvolutionOnPaper.image, ConvolutionOnPaper.filter, stride: 2, padding: Padding(padding, padding))
            // The filter stands at every other place of the padded side that it fits into.
            let side = stride(from: 0, through: 4 + 2 * padding - 3, by: 2).reduce(0) { count, _ in count + 1 }
            #expect(result.shape == [side, side])
            #expect(ConvolutionOnPaper.outputSide(4, kernel: 3, stride: 2, padding: padding) == side)
            #expect(side < 4)
        }
        let error = #expect(throws: ShapeError.self) {
            try ConvolutionOnPaper.convolve(
                ConvolutionOnPaper.image, ConvolutionOnPaper.filter, stride: 2, padding: .same)
        }
        #expect(error?.expected.contains("a stride of 2 cannot keep the size") == true)
    }

    @Test func poolingIsAConvolution() throws {
        let expected = [0, 2, 8, 10].map { corner in
            [0, 1, 4, 5].reduce(0) { $0 + Self.image[corner + $1] } / 4
        }
        let pooled = try ConvolutionOnPaper.averagePool(ConvolutionOnPaper.image)
        #expect(pooled == Tensor(floats(expected), shape: [2, 2]))

        for (shape, seed) in [([4, 4], 1), ([6, 10], 2), ([2, 2], 3)] as [([Int], UInt64)] {
            let image = Tensor.uniform(shape, seed: seed)
            // Whole numbers of 0 ... 255: sums of four of them and their quarters are exact in Float.
            let pixels = Tensor(image.scalars.map { ($0 * 255).rounded() }, shape: shape)
            let convolved = try ConvolutionOnPaper.convolve(pixels, ConvolutionOnPaper.quarter, stride: 2)
            #expect(try ConvolutionOnPaper.averagePool(pixels) == convolved)
        }
    }
}
