import ArgumentParser
import Foundation
import SwiftNN
import TestSupport
import Testing

@testable import coursework

@Suite struct CIFAR10LoadingTests {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// Twenty images for training and four for the test, in both versions.
    private static let fixtures = tests.appendingPathComponent("SwiftNNTests/Fixtures/files/cifar10").path

    private func parts(_ version: String, holdingOut: Int = 4) throws -> ImageParts {
        try ImageParts(ImageDataset.cifar10(in: "\(Self.fixtures)/\(version)"), holdingOut: holdingOut)
    }

    @Test func bothVersionsGiveTheSameTensors() throws {
        let (binary, python) = (try parts("cifar-10-batches-bin"), try parts("cifar-10-batches-py"))
        #expect(try CIFAR10Loading.areEqual(binary, python))
        let (batch, other) = (try binary.test.batch(0..<4), try python.test.batch(0..<4))
        #expect(batch.input == other.input && batch.labels == other.labels && batch.input.shape == [4, 3, 32, 32])
    }

    @Test(arguments: [[1, 0, 2, 3], [0, 1, 2]])
    func comparisonSeesDifferences(order: [Int]) throws {
        let (train, test) = try ImageDataset.cifar10(in: Self.fixtures)
        let parts = try ImageParts((train, test), holdingOut: 4)
        #expect(try !CIFAR10Loading.areEqual(parts, ImageParts((train, test.subset(order)), holdingOut: 4)))
    }

    /// Image n of the fixtures has the label 7n mod 10 and holds (i / (label + 1) + 29n) mod 256, plane by plane.
    private func planes(_ image: Int) -> [UInt8] {
        (0..<3072).map { UInt8(($0 / (label(image) + 1) + 29 * image) % 256) }
    }

    private func label(_ image: Int) -> Int { image * 7 % 10 }

    @Test func isSplitAndNormalisedByTheTrainingSet() throws {
        let parts = try parts("cifar-10-batches-py")
        let (train, validation) = (numbers(parts.train), numbers(parts.validation))
        #expect(train.count == 16 && validation.count == 4)
        #expect((train + validation).sorted() == Array(0..<20))
        let input = try parts.test.batch(0..<4).input
        for channel in 0..<3 {
            let pixels = train.flatMap { planes($0)[channel * 1024..<(channel + 1) * 1024] }.map { Double($0) / 255 }
            let mean = pixels.reduce(0, +) / Double(pixels.count)
            let variance = pixels.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(pixels.count)
            for image in 0..<4 {
                let pixel = Double(planes(20 + image)[channel * 1024 + 5 * 32 + 7]) / 255
                #expect(abs(Double(input[image, channel, 5, 7]) - (pixel - mean) / variance.squareRoot()) < 1e-5)
            }
        }
    }

    /// Which of the fixtures' images a data set has.
    private func numbers(_ data: ImageDataset) -> [Int] {
        (0..<data.count).compactMap { index in
            let pixels = Array(data[index])
            let own = (0..<3).flatMap { channel in stride(from: channel, to: 3072, by: 3).map { pixels[$0] } }
            return (0..<24).first { planes($0) == own && label($0) == Int(data.labels[index]) }
        }
    }

    @Test func labelsAreOneHot() throws {
        let batch = try parts("cifar-10-batches-py").test.batch(0..<4)
        let expected = (20..<24).flatMap { image in (0..<10).map { Float($0 == label(image) ? 1 : 0) } }
        #expect(CIFAR10Loading.oneHot(batch) == Tensor(expected, shape: [4, 10]))
    }

    @Test func lossFalls() throws {
        let network = CIFAR10Loading.makeNetwork()
        network.initialize(seed: 1)
        let train = try parts("cifar-10-batches-bin").train
        let losses = try CIFAR10Loading.train(network, on: train, epochs: 20, seed: 1)
        // Nothing known of ten classes costs ln 10.
        #expect(abs(losses[0] - log(10)) < 0.5)
        #expect(losses[19] < 0.5 * losses[0])
    }

    @Test func runsAndSaves() throws {
        let folder = try TemporaryFolder()
        let (data, other) = (Self.fixtures + "/cifar-10-batches-py", Self.fixtures + "/cifar-10-batches-bin")
        let arguments = ["--data", data, "--compare", other, "--hold-out", "3", "--out", folder["out"]]
        try CIFAR10Loading.parse(arguments).run()
        let network = CIFAR10Loading.makeNetwork()
        try network.load(from: folder["out/network.pt"])
        #expect(throws: ValidationError.self) { try CIFAR10Loading.parse(["--data", data, "--hold-out", "5"]).run() }
    }

    @Test(.enabled(if: Environment.dataToTrainOn != nil, "SWIFTNN_TEST_DATA, release"))
    func lossFallsOnThePublishedImages() throws {
        let parts = try ImageParts(ImageDataset.cifar10(in: Environment.data), holdingOut: 5000)
        #expect(parts.train.count == 45_000 && parts.validation.count == 5000 && parts.test.count == 10_000)
        let network = CIFAR10Loading.makeNetwork()
        network.initialize(seed: 1)
        let losses = try CIFAR10Loading.train(network, on: parts.train.subset(Array(0..<8000)), epochs: 2, seed: 1)
        #expect(losses[0] < 2.1 && losses[1] < 0.9 * losses[0])
    }
}
