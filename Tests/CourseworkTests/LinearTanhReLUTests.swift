import Foundation
import ReferenceKernels
import SwiftNN
import TestSupport
import Testing

@testable import coursework

@Suite struct LinearTanhReLUTests {
    @Test func weightsHaveTheDeviation() {
        let model = LinearTanhReLU.makeModel(inputs: 784, classes: 10, 0.5)
        model.initialize(seed: 3)
        #expect(
            model.layers.map(\.description).joined(separator: " ") == """
                Flatten() Linear(784, 256) Tanh() ReLU() Dropout(0.5) Linear(256, 10)
                """)
        for named in model.namedParameters {
            let numbers = named.parameter.value.scalars.map(Double.init)
            let count = Double(numbers.count)
            let variance = numbers.reduce(0) { $0 + $1 * $1 } / count
            let expected = named.name.hasSuffix("weight") ? 0.01 : 0
            #expect(abs(variance - expected) <= expected * 5 * (2 / count).squareRoot())
        }
    }

    /// Some steps of the optimizer against the formulas in Double, on gradients that are given.
    @Test(arguments: [0, 0.9], [0, 0.25])
    func stepsFollowTheFormulas(alpha: Double, lambda: Double) throws {
        let model = LinearTanhReLU.makeModel(inputs: 4, classes: 3, 0)
        model.initialize(seed: 1)
        let eta = 0.125
        let optimizer = LinearTanhReLU.makeOptimizer(
            model, lr: Float(eta), momentum: Float(alpha), lambda: Float(lambda))
        // α as the Float that the optimizer has.
        let alpha = Double(Float(alpha))
        var weights = model.parameters.map { $0.value.scalars.map(Double.init) }
        var velocities = weights.map { $0.map { _ in 0.0 } }
        for step in 0..<4 {
            for (index, named) in model.namedParameters.enumerated() {
                let gradient = Tensor.normal(named.parameter.shape, seed: UInt64(10 * step + index))
                named.parameter.gradient = gradient
                let decay = named.name.hasSuffix("weight") ? lambda : 0
                for (i, g) in gradient.scalars.enumerated() {
                    velocities[index][i] = alpha * velocities[index][i] - eta * (Double(g) + decay * weights[index][i])
                    weights[index][i] += velocities[index][i]
                }
            }
            optimizer.step()
        }
        for (parameter, expected) in zip(model.parameters, weights) {
            #expect(relativeError(parameter.value.scalars, expected) < 1e-6)
        }
    }

    @Test(arguments: [0.25, 0.5] as [Float])
    func theBackwardPassUsesTheMaskOfTheForwardPass(probability: Float) throws {
        let dropout = Dropout(probability)
        var seen: Set<[Float]> = []
        for _ in 0..<3 {
            let masks = try LinearTanhReLU.masks(of: dropout, count: 2000)
            #expect(masks.forward == masks.backward)
            #expect(Set(masks.forward) == [0, 1 / (1 - probability)])
            let dropped = Double(masks.forward.count { $0 == 0 }) / 2000
            #expect(abs(dropped - Double(probability)) < 5 * (0.25 / 2000).squareRoot())
            seen.insert(masks.forward)
        }
        #expect(seen.count == 3, "each pass draws a mask of its own")
        let x = Tensor.normal([2000], seed: 1)
        #expect(try dropout(x) == x, "nothing is dropped in inference")
    }

    /// In the model: a unit that was dropped gets no gradient, and gives none.
    @Test func theModelUsesTheMaskBothWays() throws {
        let model = LinearTanhReLU.makeModel(inputs: 6, classes: 3, 0.5)
        model.initialize(seed: 2)
        let x = Tensor.normal([1, 6], seed: 3)
        let plan = try Plan(model, inputShape: [1, 6], mode: .training, loss: CrossEntropyLoss(), seed: 4)
        _ = try plan.forward(x, labels: [1])
        plan.backward()
        let (first, second) = (model.parameters[0].gradient, model.parameters[2].gradient)
        let units = 0..<LinearTanhReLU.hiddenUnits
        let used = units.filter { unit in (0..<3).contains { second[$0, unit] != 0 } }
        let learning = units.filter { unit in (0..<6).contains { first[unit, $0] != 0 } }
        #expect(used == learning)
        let positive = try Sequential(Array(model.layers.prefix(4))).callAsFunction(x).scalars.count { $0 > 0 }
        let dropped = positive - used.count
        #expect(dropped > positive / 4 && dropped < 3 * positive / 4)
    }

    @Test(arguments: [["--momentum", "0"], ["--momentum", "0.9"], ["--dropout", "0"], ["--dropout", "0.5"]])
    func learns(arguments: [String]) throws {
        let command = try LinearTanhReLU.parse(["--hold-out", "100", "--epochs", "4", "--seed", "2"] + arguments)
        let data = try ImageParts((bandImages(700), bandImages(50)), holdingOut: 100)
        let history = try command.train(command.makeModel(for: data), on: data, callbacks: [])
        #expect(history.count == 4 && history[0].samples == 600)
        #expect(history[0].trainLoss > 2 * history[3].trainLoss)
        #expect(try #require(history[3].validation).accuracy > 0.95)
    }

    @Test(arguments: ["--momentum=1", "--dropout=-0.1", "--lambda=-1", "--lr=0", "--epochs=0", "--hold-out=-1"])
    func badOptionsAreNamed(argument: String) throws {
        let error = try #require(throws: (any Error).self) { try LinearTanhReLU.parse([argument]) }
        let name = argument.prefix { $0 != "=" }
        #expect(LinearTanhReLU.message(for: error).hasPrefix(name + " must be"))
    }

    /// Two of the fifteen epochs, on whichever of the data sets there is.
    @Test(.enabled(if: Environment.dataToTrainOn != nil, "SWIFTNN_TEST_DATA, release"))
    func learnsMNIST() throws {
        let command = try LinearTanhReLU.parse([
            "--data", try #require(Environment.dataToTrainOn) + "/mnist", "--epochs", "2",
        ])
        let data = try ImageParts.read(command.options, holdingOut: 10_000)
        let history = try command.train(command.makeModel(for: data), on: data, callbacks: [])
        #expect(try #require(history.last?.validation).accuracy > 0.95)
    }
}
