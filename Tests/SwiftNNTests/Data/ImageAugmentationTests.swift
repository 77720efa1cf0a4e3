import SwiftNN
import Testing

@Suite struct ImageAugmentationTests {
    /// 64 images of one channel whose pixels all differ, so that a batch shows where each came from.
    static func images(_ augmentation: ImageAugmentation?) -> ImageDataset {
        var images = ImageDataset(
            pixels: (0..<64).flatMap { image in (0..<12).map { UInt8($0 * 16 + image % 16) } }, shape: [1, 3, 4],
            labels: Array(repeating: 0, count: 64), classNames: ["any"])
        images.augmentation = augmentation
        return images
    }

    static func mirrored(_ image: ArraySlice<Float>) -> [Float] {
        stride(from: image.startIndex, to: image.endIndex, by: 4).flatMap { image[$0..<$0 + 4].reversed() }
    }

    /// Which images of a pass are mirrored.
    static func flips(_ flip: ImageAugmentation.Flip, _ pass: DatasetPass) throws -> [Bool] {
        let plain = try images(nil).batch(0..<64).input.scalars
        let augmented = try images(ImageAugmentation(flip: flip)).batch(0..<64, in: pass).input.scalars
        return try (0..<64).map { image in
            let (before, after) = (plain[image * 12..<image * 12 + 12], augmented[image * 12..<image * 12 + 12])
            try #require(Array(before) == Array(after) || mirrored(before) == Array(after))
            return mirrored(before) == Array(after)
        }
    }

    @Test func nothingAskedForChangesNothing() throws {
        let plain = try Self.images(nil).batch(0..<64)
        #expect(try Self.images(ImageAugmentation()).batch(0..<64).input == plain.input)
    }

    @Test func randomFlipsAreDrawnAnewInEveryEpoch() throws {
        let epochs = try (0..<4).map { try Self.flips(.random, DatasetPass(seed: 3, epoch: $0)) }
        #expect(Set(epochs).count == 4)
        #expect((96...160).contains(epochs.joined().count { $0 }))
        #expect(try Self.flips(.random, DatasetPass(seed: 3, epoch: 1)) == epochs[1])
    }

    @Test func alternatingFlipsShowEveryImageBothWays() throws {
        let epochs = try (0..<4).map { try Self.flips(.alternating, DatasetPass(seed: 3, epoch: $0)) }
        #expect((16...48).contains(epochs[0].count { $0 }))
        #expect(epochs[1] == epochs[0].map { !$0 })
        #expect(epochs[2] == epochs[0] && epochs[3] == epochs[1])
    }

    /// Every offset of ±1 in both directions turns up, and no other.
    @Test(arguments: [ImageAugmentation.Edge.black, .reflect])
    func translationsReachEveryOffset(edge: ImageAugmentation.Edge) throws {
        let dataset = Self.images(ImageAugmentation(translation: 1, edge: edge))
        let plain = try Self.images(nil).batch([0]).input
        let expected = (-1...1).flatMap { top in
            (-1...1).map { left in
                (0..<12).map { pixel in
                    let (y, x) = (pixel / 4 + top, pixel % 4 + left)
                    let inside = 0..<3 ~= y && 0..<4 ~= x
                    return inside || edge == .reflect ? plain[0, 0, reflect(y, 3), reflect(x, 4)] : 0
                }
            }
        }
        let seen = try Set((0..<200).map { try dataset.batch([0], in: DatasetPass(epoch: $0)).input.scalars })
        #expect(seen == Set(expected))
    }

    private func reflect(_ position: Int, _ size: Int) -> Int {
        position < 0 ? -position : position >= size ? 2 * (size - 1) - position : position
    }

    @Test func cutoutIsASquareOfTheMean() throws {
        var dataset = Self.images(ImageAugmentation(cutout: 2))
        dataset.normalization = ChannelStatistics(mean: [2], deviation: [1])  // no pixel is 0 by itself
        let cuts = try (0..<100).map { epoch in
            try dataset.batch([5], in: DatasetPass(epoch: epoch)).input.scalars.map { $0 == 0 }
        }
        // A centre at the top or left edge leaves less of the square.
        #expect(Set(cuts.map { $0.count { $0 } }) == [1, 2, 4])
        #expect(Set(cuts).count == 12)
    }

    /// A loader prefetches on another thread and starts anywhere; the augmented batches are the same.
    @Test func loadersAugmentByEpochAndSampleOnly() throws {
        let dataset = Self.images(ImageAugmentation(flip: .random, translation: 1, cutout: 1))
        func batches(prefetch: Bool, from first: Int) throws -> [Tensor] {
            let loader = BatchLoader(dataset, batchSize: 10, shuffle: 9, prefetch: prefetch)
            loader.start(epoch: 2, at: first)
            var result: [Tensor] = []
            while let batch = try loader.next() { result.append(batch.input) }
            return result
        }
        let expected = try batches(prefetch: false, from: 0)
        #expect(try batches(prefetch: true, from: 0) == expected)
        #expect(try batches(prefetch: true, from: 4) == Array(expected[4...]))
    }
}
