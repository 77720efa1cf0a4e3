import SwiftNN
import Testing

@Suite struct ImageDatasetTests {
    /// Two channels of 2 x 3 pixels; pixel i of image n, channel c is 60 n + 10 c + i.
    private let planar: [UInt8] = {
        var pixels = [UInt8]()
        for image in 0..<4 {
            for channel in 0..<2 { pixels += (0..<6).map { UInt8(60 * image + 10 * channel + $0) } }
        }
        return pixels
    }()

    private var dataset: ImageDataset {
        ImageDataset(
            pixels: planar, order: .contiguous, shape: [2, 2, 3], labels: [2, 0, 1, 2], classNames: ["a", "b", "c"])
    }

    @Test func batchesHoldPixelsOverAll() throws {
        let batch = try dataset.batch([2, 0, 2])
        #expect(batch.count == 3)
        #expect(batch.labels == [1, 2, 1])
        #expect(batch.targets == nil)
        #expect(batch.input.format == .channelsLast)
        let bytes: [UInt8] = [2, 0, 2].flatMap { image in Array(planar[image * 12..<(image + 1) * 12]) }
        #expect(batch.input.shape == [3, 2, 2, 3])
        for (value, byte) in zip(batch.input.scalars, bytes) { #expect(abs(value - Float(byte) / 255) < 1e-6) }
    }

    @Test func orderOfPixels() {
        let last = ImageDataset(
            pixels: dataset.pixels, order: .channelsLast, shape: [2, 2, 3], labels: dataset.labels,
            classNames: dataset.classNames)
        #expect(last.pixels == dataset.pixels)
        #expect(Array(dataset[1]) == [60, 70, 61, 71, 62, 72, 63, 73, 64, 74, 65, 75])
    }

    @Test func normalizationGivesMeanZeroAndDeviationOne() throws {
        var dataset = dataset
        let statistics = dataset.channelStatistics()
        #expect(abs(statistics.mean[1] - Float(90 + 10 + 2.5) / 255) < 1e-6)
        dataset.normalization = statistics
        let input = try dataset.batch(0..<4).input
        for channel in 0..<2 {
            let values: [Double] = (0..<24).map { Double(input[$0 / 6, channel, $0 % 6 / 3, $0 % 3]) }
            let mean = values.reduce(0, +) / 24
            #expect(abs(mean) < 1e-6)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 24 - 1) < 1e-5)
        }
    }

    @Test func aConstantChannelBecomesZero() throws {
        var dataset = ImageDataset(pixels: [9, 9], shape: [1, 1, 1], labels: [0, 0], classNames: ["a"])
        dataset.normalization = dataset.channelStatistics()
        #expect(try dataset.batch(0..<2).input.scalars.allSatisfy { abs($0) < 1e-6 })
    }

    @Test func subsetsKeepTheNormalization() throws {
        var dataset = dataset
        dataset.normalization = dataset.channelStatistics()
        let subset = dataset.subset([3, 1])
        #expect(subset.labels == [2, 0])
        #expect(try subset.batch(0..<2).input == dataset.batch([3, 1]).input)
    }

    @Test func splitsAreDisjointAndRepeatable() throws {
        let dataset = TensorDataset(Tensor((0..<100).map(Float.init), shape: [100, 1]))
        func samples(_ part: TensorDataset) -> [Float] { part.features.scalars }
        let (rest, held) = dataset.split(holdingOut: 30, seed: 5)
        #expect(held.count == 30)
        #expect((samples(rest) + samples(held)).sorted() == (0..<100).map(Float.init))
        #expect(samples(held) == samples(held).sorted())
        #expect(samples(held) != (0..<30).map(Float.init))
        #expect(samples(dataset.split(holdingOut: 30, seed: 5).heldOut) == samples(held))
        #expect(samples(dataset.split(holdingOut: 30, seed: 6).heldOut) != samples(held))
    }

    @Test func tensorDatasetsHaveTargets() throws {
        let features = Tensor((0..<24).map(Float.init), shape: [4, 3, 2])
        let dataset = TensorDataset(
            features, labels: [4, 5, 6, 7], targets: Tensor((0..<8).map(Float.init), shape: [4, 2]))
        let batch = try dataset.batch([3, 1])
        #expect(batch.labels == [7, 5])
        #expect(batch.input.scalars == features[rows: 3..<4].scalars + features[rows: 1..<2].scalars)
        #expect(batch.input.format == .channelsLast)
        #expect(batch.targets == Tensor([6, 7, 2, 3], shape: [2, 2]))
        #expect(try dataset.subset([3, 1]).batch(0..<2).targets == batch.targets)
    }

    /// A batch that is filled anew has nothing of what it had before.
    @Test func targetsOfOtherSamplesAreRemoved() throws {
        let features = Tensor.zeros([4, 2])
        let others: [any Dataset] = [dataset, TensorDataset(features, labels: [0, 1, 2, 3])]
        for other in others {
            var batch = try TensorDataset(features, targets: features).batch(0..<4)
            try other.fill(&batch, with: [2, 0], in: DatasetPass())
            #expect(batch.targets == nil)
        }
    }

    @Test func oneHotHasAOnePerRow() {
        #expect(Tensor.oneHot([2, 0], classes: 3) == Tensor([0, 0, 1, 1, 0, 0], shape: [2, 3]))
        #expect(Tensor.oneHot([], classes: 3).shape == [0, 3])
    }
}
