import Foundation
import SwiftNN
import TestSupport
import Testing

@testable import coursework

@Suite struct MNISTPerceptronTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bands(train: Int, test: Int) throws -> ImageParts {
        try ImageParts((bandImages(train), bandImages(test)), holdingOut: 0)
    }

    @Test func readsTheCourseFilesAsItWritesThem() throws {
        let idx = try writeBandImages(folder, "idx", train: 30, test: 20)
        try MNISTPerceptron.parse(["--data", idx, "--write-csv", folder["csv"]]).run()
        #expect(try folder.names == ["csv", "idx"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["csv"]).count == 2)
        let (expected, actual) = (
            try MNISTPerceptron.readMNIST(in: idx), try MNISTPerceptron.readMNIST(in: folder["csv"])
        )
        #expect(actual.train.pixels == expected.train.pixels && actual.train.labels == expected.train.labels)
        #expect(actual.test.pixels == expected.test.pixels && actual.test.labels == expected.test.labels)
        #expect(actual.train.shape == [1, 28, 28] && actual.test.count == 20)
    }

    @Test func weightsAreNormalAndBiasesZero() {
        let model = MNISTPerceptron.makeModel(.relu)
        model.initialize(seed: 1)
        #expect(model.namedParameters.map(\.name) == ["1.weight", "1.bias", "3.weight", "3.bias"])
        for named in model.namedParameters {
            let numbers = named.parameter.value.scalars.map(Double.init)
            guard named.name.hasSuffix("weight") else {
                #expect(numbers.allSatisfy { $0 == 0 })
                continue
            }
            // The fourth moment of a normal distribution is 3 σ⁴; a uniform one's is 1.8 σ⁴.
            let (count, deviation) = (Double(numbers.count), 1 / Double(named.parameter.shape[1]).squareRoot())
            func moment(_ power: Double) -> Double { numbers.reduce(0) { $0 + pow($1 / deviation, power) } / count }
            #expect(abs(moment(1)) < 5 / count.squareRoot())
            #expect(abs(moment(2) - 1) < 5 * (2 / count).squareRoot())
            #expect(abs(moment(4) - 3) < 5 * (96 / count).squareRoot())
        }
    }

    /// The loop written out is the library's, to the bit.
    @Test func theLoopIsTheTrainers() throws {
        let data = try bands(train: 450, test: 70)
        let models = [MNISTPerceptron.makeModel(.tanh), MNISTPerceptron.makeModel(.tanh)]
        for model in models { model.initialize(seed: 5) }
        let history = try MNISTPerceptron.train(models[0], on: data, epochs: 3, seed: 9)
        let trainer = Trainer(
            models[1], loss: CrossEntropyLoss(),
            optimizer: Optimizer(SGD(lr: 0.1, momentum: 0.9, weightDecay: 1e-4), models[1].parameters),
            schedule: CustomSchedule { 1 - Float($0.epoch) / 3 }, seed: 9)
        let expected = try trainer.fit(data.train, epochs: 3, batchSize: 100, validation: data.test, dropLast: true)
        #expect(models[0].state.map { bits($0.tensor) } == models[1].state.map { bits($0.tensor) })
        #expect(history.map(\.samples) == [400, 400, 400])
        #expect(history.map(\.trainAccuracy) == expected.map(\.trainAccuracy))
        #expect(history.map(\.validation) == expected.map(\.validation))
        #expect(zip(history, expected).allSatisfy { abs($0.trainLoss - $1.trainLoss) < 1e-12 })
    }

    @Test(arguments: MNISTPerceptron.HiddenActivation.allCases)
    func learns(activation: MNISTPerceptron.HiddenActivation) throws {
        let model = MNISTPerceptron.makeModel(activation)
        model.initialize(seed: 1)
        let history = try MNISTPerceptron.train(model, on: bands(train: 600, test: 95), epochs: 5, seed: 1)
        let losses = history.map(\.trainLoss)
        #expect(losses == losses.sorted(by: >) && losses[0] > 3 * losses[4])
        #expect(history.last?.validation?.accuracy == 1)
    }

    @Test func leavesTheModelAndTheCurves() throws {
        let data = try writeBandImages(folder, "data", train: 200, test: 50)
        try MNISTPerceptron.parse(["--data", data, "--epochs", "2", "--out", folder["out"]]).run()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder["out"]).sorted()
        #expect(names == ["error.svg", "loss.svg", "p1_model.npz"])
        let model = MNISTPerceptron.makeModel(.relu)
        try model.load(NPZ.read(folder["out/p1_model.npz"]))
        for picture in ["error.svg", "loss.svg"] {
            let svg = try #require(String(bytes: contents(of: folder["out/\(picture)"]), encoding: .utf8))
            #expect(svg.contains(">training</") && svg.contains(">test</") && svg.contains("<polyline"))
        }
    }

    @Test func tooFewImagesAreSaid() throws {
        let data = try writeBandImages(folder, "data", train: 99, test: 10)
        let error = #expect(throws: (any Error).self) { try MNISTPerceptron.parse(["--data", data]).run() }
        #expect(error.map { "\($0)" } == "99 training images do not fill a batch of 100")
    }

    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"))
    func numPyRunsTheModel() throws {
        let model = MNISTPerceptron.makeModel(.tanh)
        model.initialize(seed: 1)
        let history = try MNISTPerceptron.train(model, on: bands(train: 300, test: 50), epochs: 1, seed: 1)
        let out = try OutputDirectory(folder.path)
        try MNISTPerceptron.write(model, history, "test", to: out)
        let x = Tensor.uniform([50, 1, 28, 28], seed: 2)
        try NPZ.write([NamedTensor("x", x), NamedTensor("y", model(x))], to: folder["data.npz"])
        try Environment.runPython(
            """
            import sys, numpy as np
            p, data = (np.load(f"{sys.argv[1]}/{name}.npz") for name in ["p1_model", "data"])
            hidden = np.tanh(data["x"].reshape(50, 784) @ p["1.weight"].T + p["1.bias"])
            y = hidden @ p["3.weight"].T + p["3.bias"]
            assert np.abs(y - data["y"]).max() < 1e-5 * np.abs(y).max()
            """, folder.path)
    }

    /// After two of the twenty epochs.
    @Test(.enabled(if: Environment.dataToTrainOn != nil, "SWIFTNN_TEST_DATA, release"))
    func learnsMNIST() throws {
        let data = try ImageParts(MNISTPerceptron.readMNIST(in: Environment.dataToTrainOn), holdingOut: 0)
        for activation in MNISTPerceptron.HiddenActivation.allCases {
            let model = MNISTPerceptron.makeModel(activation)
            model.initialize(seed: 1)
            let history = try MNISTPerceptron.train(model, on: data, epochs: 2, seed: 1)
            let score = try #require(history.last?.validation)
            #expect(score.accuracy > 0.96, "\(activation)")
        }
    }
}
