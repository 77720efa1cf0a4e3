import SwiftNN
import Testing

@Suite struct WhiteningTests {
    /// Images whose neighbouring pixels and channels are alike, as those of photographs are.
    static let images: ImageDataset = {
        var random = RandomStream(seed: 5)
        let (count, size) = (40, 8)
        var pixels: [UInt8] = []
        for _ in 0..<count {
            let (base, slope) = (60 + random.below(100), random.below(8))
            for pixel in 0..<size * size {
                for channel in 0..<3 { pixels.append(UInt8(base + slope * (pixel % size) + random.below(9 + channel))) }
            }
        }
        var images = ImageDataset(
            pixels: pixels, shape: [3, size, size], labels: Array(repeating: 0, count: count), classNames: ["any"])
        images.normalization = images.channelStatistics()
        return images
    }()

    @Test(arguments: [1, 2, 3]) func outputsAreUncorrelatedWithBothSigns(kernel: Int) throws {
        let components = 3 * kernel * kernel
        let conv = Conv2d(3, 2 * components, kernelSize: SpatialSize(kernel, kernel), bias: false)
        try conv.whiten(Self.images, epsilon: 0)
        let outputs = try conv(Self.images.batch(0..<Self.images.count).input)
        let rows = outputs.converted(to: .channelsLast).withSpan { elements in
            Tensor(elements.indices.map { elements[$0] }, shape: [elements.count / (2 * components), 2 * components])
        }
        let moments = (1 / Float(rows.shape[0])) * rows.transposed().matmul(rows)
        let expected = (0..<2 * components).flatMap { row in
            (0..<2 * components).map { column -> Float in
                row == column ? 1 : row % components == column % components ? -1 : 0
            }
        }
        #expect(largestDifference(moments.scalars, expected) < 2e-3)
    }

    /// The first filters answer to what varies most, so they have the smallest weights.
    @Test(arguments: [(1, 2), (4, 2), (3, 9)]) func imagesMustFit(channels: Int, kernel: Int) throws {
        let components = channels * kernel * kernel
        let conv = Conv2d(channels, 2 * components, kernelSize: SpatialSize(kernel, kernel), bias: false)
        #expect(throws: ShapeError.self) { try conv.whiten(Self.images) }
    }

    @Test func componentsAreSortedAndDamped() throws {
        func norms(_ epsilon: Double) throws -> [Float] {
            let conv = Conv2d(3, 24, kernelSize: 2)
            try conv.whiten(Self.images, count: 20, epsilon: epsilon)
            return (0..<12).map { row in conv.weight.value[rows: row..<row + 1].scalars.reduce(0) { $0 + $1 * $1 } }
        }
        let plain = try norms(0)
        #expect(plain == plain.sorted())
        let damped = try norms(1)
        #expect(damped.allSatisfy { $0 < 1 })
    }
}

private func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}
