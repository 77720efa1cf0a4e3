import Foundation
import ReferenceKernels
import SwiftNN
import TestSupport
import Testing

@testable import coursework

@Suite struct FashionMNISTPerceptronTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bands(train: Int, test: Int) throws -> ImageParts {
        try ImageParts((bandImages(train), bandImages(test)), holdingOut: 0)
    }

    // MARK: Parts

    /// Steps with a learning rate that changes, against the formulas in Double: here the forms of momentum differ.
    @Test func stepsFollowTheFormulas() {
        let parameter = Parameter([50], .normal())
        let optimizer = FashionMNISTPerceptron.makeOptimizer([parameter])
        let (beta, gamma) = (Double(Float(0.9)), Double(Float(5e-4)))
        var weights = parameter.value.scalars.map(Double.init)
        var velocities = weights.map { _ in 0.0 }
        for (step, eta) in [0.125, 0.5, 0.25, 0.0625].enumerated() {
            let gradient = Tensor.normal([50], seed: UInt64(step))
            parameter.gradient = gradient
            optimizer.learningRate = Float(eta)
            optimizer.step()
            for (i, g) in gradient.scalars.enumerated() {
                velocities[i] = beta * velocities[i] - gamma * eta * weights[i] - eta * Double(g)
                weights[i] += velocities[i]
            }
        }
        #expect(relativeError(parameter.value.scalars, weights) < 1e-6)
    }

    @Test func crossEntropyByLogSumExp() throws {
        let ordinary = try FashionMNISTPerceptron.crossEntropies(of: [0.5, -2, 1.25], label: 2)
        #expect(abs(ordinary.logSumExp - ordinary.definition) < 1e-6)
        for (label, expected) in [0.0, 1000, 2000].enumerated() {
            let extreme = try FashionMNISTPerceptron.crossEntropies(of: [1000, 0, -1000], label: label)
            #expect(extreme.logSumExp == expected)
            #expect(!extreme.definition.isFinite)
        }
    }

    @Test func marginLossAndItsGradient() throws {
        let (rows, classes) = (6, 5)
        let x = Tensor.normal([rows, classes], seed: 1)
        let labels: [Int32] = [0, 4, 2, 2, 1, 3]
        let plan = try Plan(
            Identity(), inputShape: x.shape, mode: .training, loss: MarginLoss(), inputGradient: true)
        let loss = try plan.forward(x, labels: labels)
        plan.backward()

        func expectedLoss(_ o: [Double]) -> Double {
            var sum = 0.0
            for (row, label) in labels.enumerated() {
                let right = o[row * classes + Int(label)]
                for c in 0..<classes where c != Int(label) { sum += max(0, 1 + o[row * classes + c] - right) }
            }
            return sum / Double(rows)
        }
        let point = x.scalars.map(Double.init)
        #expect(abs(loss - expectedLoss(point)) < 1e-6)
        let gradient = point.indices.map { i in
            var (above, below) = (point, point)
            above[i] += 1e-6
            below[i] -= 1e-6
            return (expectedLoss(above) - expectedLoss(below)) / 2e-6
        }
        #expect(relativeError(try #require(plan.inputGradient).scalars, gradient) < 1e-6)
        #expect(Set(gradient.map { ($0 * Double(rows)).rounded() }).count > 3, "no case of several violations")
    }

    // MARK: Networks

    @Test func networksHaveTheSizes() throws {
        let data = try bands(train: 20, test: 10)
        func weights(_ network: String) throws -> [[Int]] {
            let model = try FashionMNISTPerceptron.parse(["--network", network]).makeModel(for: data)
            for format in ["safetensors", "pt"] { try model.save(to: folder["\(network).\(format)"]) }
            return model.parameters.map(\.shape).filter { $0.count == 2 }
        }
        #expect(try weights("wide") == [[512, 784], [512, 512], [10, 512]])
        #expect(try weights("small") == [[512, 784], [128, 512], [10, 128]])
        for format in ["safetensors", "pt"] {
            #expect(try contents(of: folder["small.\(format)"]).count < 2_000_000)
        }
    }

    @Test(arguments: HiddenActivation.allCases)
    func learns(activation: HiddenActivation) throws {
        let command = try FashionMNISTPerceptron.parse(["--activation", activation.rawValue, "--epochs", "5"])
        let data = try bands(train: 640, test: 50)
        let history = try command.train(command.makeModel(for: data), on: data)
        #expect(history[0].trainLoss > 2 * history[4].trainLoss)
        #expect(try #require(history[4].validation).accuracy > 0.95)
    }

    @Test func learnsWithTheOwnLoss() throws {
        let command = try FashionMNISTPerceptron.parse(["--loss", "margin", "--network", "wide", "--epochs", "3"])
        let data = try bands(train: 640, test: 50)
        let history = try command.train(command.makeModel(for: data), on: data)
        #expect(history[0].trainLoss > 2 * history[2].trainLoss)
        #expect(try #require(history[2].validation).accuracy > 0.95)
    }

    // MARK: Files

    /// The whole program, on pictures of another size and of three classes.
    private func runOnOtherData() throws -> OutputDirectory {
        for (prefix, count) in [("train", 256), ("t10k", 30)] {
            let pixels = (0..<count * 20).map { place -> UInt8 in
                let isBright = place / 20 % 3 == place % 3
                return isBright ? 200 : UInt8(place % 50)
            }
            try folder.write(idxBytes([count, 4, 5], data: pixels), "data/\(prefix)-images-idx3-ubyte")
            let labels = (0..<count).map { UInt8($0 % 3) }
            try folder.write(idxBytes([count], data: labels), "data/\(prefix)-labels-idx1-ubyte")
        }
        let out = folder["out"]
        try FashionMNISTPerceptron.parse(["--data", folder["data"], "--out", out, "--epochs", "4"]).run()
        return try OutputDirectory(out)
    }

    @Test func leavesTheSubmissionAndTheModel() throws {
        let out = try runOnOtherData()
        let text = try #require(String(bytes: contents(of: out["submission.csv"]), encoding: .utf8))
        #expect(text == "id,label\n" + (0..<30).map { "\($0),\($0 % 3)\n" }.joined())
        let state = try Safetensors.read(out["model.safetensors"]).tensors
        #expect(state["1.weight"]?.shape == [512, 20] && state["9.bias"]?.shape == [3])
    }

    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"))
    func pyTorchOpensTheModel() throws {
        let out = try runOnOtherData()
        try Environment.runPython(
            """
            import sys, torch, safetensors.torch
            state = torch.load(sys.argv[1], weights_only=True)
            same = safetensors.torch.load_file(sys.argv[2])
            assert list(state) == list(same) or sorted(state) == sorted(same)
            assert all(torch.equal(state[name], same[name]) for name in state)
            model = torch.nn.Sequential(
                torch.nn.Flatten(), torch.nn.Linear(20, 512), torch.nn.BatchNorm1d(512), torch.nn.ReLU(),
                torch.nn.Dropout(), torch.nn.Linear(512, 128), torch.nn.BatchNorm1d(128), torch.nn.ReLU(),
                torch.nn.Dropout(), torch.nn.Linear(128, 3))
            model.load_state_dict(state)
            """, out["model.pt"], out["model.safetensors"])
    }

    // MARK: Real data

    /// Two of the thirty epochs.
    @Test(
        .enabled(if: Environment.dataToTrainOn != nil, "SWIFTNN_TEST_DATA, release"),
        arguments: FashionMNISTPerceptron.Network.allCases)
    func learnsMNIST(network: FashionMNISTPerceptron.Network) throws {
        let command = try FashionMNISTPerceptron.parse([
            "--data", try #require(Environment.dataToTrainOn) + "/mnist", "--epochs", "2", "--network",
            network.rawValue,
        ])
        let data = try ImageParts.read(command.options, holdingOut: 0)
        let history = try command.train(command.makeModel(for: data), on: data)
        #expect(try #require(history.last?.validation).accuracy > 0.97)
    }

    /// The same program on Fashion-MNIST where Debian's package has it.
    @Test(
        .enabled(
            if: Environment.dataToTrainOn != nil && (try? DatasetSource.fashionMNIST.locate()) != nil,
            "SWIFTNN_TEST_DATA, release, Fashion-MNIST"),
        arguments: FashionMNISTPerceptron.Network.allCases)
    func learnsFashionMNIST(network: FashionMNISTPerceptron.Network) throws {
        let command = try FashionMNISTPerceptron.parse(["--epochs", "2", "--network", network.rawValue])
        let data = try ImageParts.read(command.options, holdingOut: 0)
        let history = try command.train(command.makeModel(for: data), on: data)
        #expect(try #require(history.last?.validation).accuracy > 0.85)
    }
}
