import SwiftNN
import TestSupport
import Testing

/// Which parameters get gradients, and of what they are the sum.
@Suite struct GradientFlowTests {
    private let x = Tensor.normal([4, 6], seed: 1)
    private let dy = Tensor.normal([4, 5], seed: 2)

    @Test func gradientsAddUpUntilCleared() throws {
        let models: [(any StandaloneLayer, [Int])] = [
            (Linear(6, 5), [4, 6]), (Conv2d(2, 5, kernelSize: 2), [3, 2, 4, 4]),
            (Conv1d(2, 5, kernelSize: 2), [3, 2, 4]),
            (BatchNorm1d(6), [4, 6]), (LayerNorm(6), [4, 6]), (PReLU(), [4, 6]), (PReLU(channels: 6), [4, 6]),
            (Scale(6), [4, 6]),
            (
                Sequential {
                    Conv2d(2, 5, kernelSize: 2)
                    Flatten()
                    Linear(45, 3)
                }, [3, 2, 4, 4]
            ),
        ]
        for (layer, shape) in models {
            layer.initialize(seed: 3)
            func pass(_ seed: UInt64) throws {
                let y = try layer.forward(.normal(shape, seed: seed))
                _ = try layer.backward(.normal(y.shape, seed: seed + 1))
            }
            try pass(10)
            let first = layer.parameters.map(\.gradient)
            layer.clearGradients()
            try pass(20)
            let second = layer.parameters.map(\.gradient)
            try pass(10)
            for (parameter, (a, b)) in zip(layer.parameters, zip(first, second)) {
                expectClose(parameter.gradient, a + b, tolerance: 1e-6, "\(layer)")
            }
            layer.clearGradients()
            #expect(layer.parameters.allSatisfy { !$0.hasGradient })
        }
    }

    @Test func frozenParametersHaveNoGradient() throws {
        let layers: [(any StandaloneLayer, [Int])] = [
            (Linear(6, 5), [4, 6]), (Conv2d(2, 5, kernelSize: 2), [3, 2, 4, 4]), (BatchNorm1d(6), [4, 6]),
            (LayerNorm(6), [4, 6]), (PReLU(), [4, 6]), (PReLU(channels: 6), [4, 6]),
        ]
        for (layer, shape) in layers {
            func pass() throws -> Tensor {
                let y = try layer.forward(.normal(shape, seed: 4))
                return try layer.backward(.normal(y.shape, seed: 5))
            }
            let all = layer.parameters
            let dx = try pass()
            let gradients = all.map(\.gradient)
            for frozen in all.indices {
                layer.clearGradients()
                all[frozen].requiresGradient = false
                // Twice, so that the others must add to what they have.
                #expect(bits(try pass()) == bits(dx))
                _ = try pass()
                for index in all.indices {
                    #expect(all[index].hasGradient == (index != frozen), "\(layer)")
                    if index != frozen {
                        expectClose(all[index].gradient, 2 * gradients[index], tolerance: 1e-6, "\(layer)")
                    }
                }
                all[frozen].requiresGradient = true
            }
        }
    }

    @Test func nothingIsComputedBeforeTheFirstLayerThatLearns() throws {
        func model() -> Sequential {
            Sequential {
                Linear(6, 64)
                ReLU()
                Linear(64, 64)
                ReLU()
                Linear(64, 5)
            }
        }
        let (learning, frozen) = (model(), model())
        for layer in frozen.layers.prefix(4) {
            for parameter in layer.parameters { parameter.requiresGradient = false }
        }
        try frozen.load(Dictionary(uniqueKeysWithValues: learning.state.map { ($0.name, $0.tensor) }))
        let plans = try [learning, frozen].map { try Plan($0, inputShape: [4, 6], mode: .training) }
        #expect(plans[1].arenaByteCount < plans[0].arenaByteCount)
        for plan in plans {
            _ = try plan.forward(x)
            try plan.backward(dy)
        }
        #expect(frozen.parameters.map { bits($0.gradient) } == learning.parameters.suffix(2).map { bits($0.gradient) })
        #expect(frozen.namedParameters.prefix(4).allSatisfy { !$0.parameter.hasGradient })
    }

    @Test func sharedLayersSumTheirGradients() throws {
        let (shared, last) = (Linear(6, 6), Linear(6, 5))
        let copies = [Linear(6, 6), Linear(6, 6)]
        for copy in copies {
            for (a, b) in zip(copy.parameters, shared.parameters) { a.value = b.value }
        }
        let sharing = Sequential([shared, Tanh(), shared, last])
        #expect(sharing.parameters.count == 4)
        #expect(sharing.parameterCount == 42 + 35)
        #expect(sharing.namedParameters.count == 6)
        let apart = Sequential([copies[0], Tanh(), copies[1], last])
        let (y, dx) = (try sharing.forward(x), try sharing.backward(dy))
        last.clearGradients()
        #expect(bits(try apart.forward(x)) == bits(y))
        #expect(bits(try apart.backward(dy)) == bits(dx))
        for index in 0..<2 {
            let sum = copies[0].parameters[index].gradient + copies[1].parameters[index].gradient
            expectClose(shared.parameters[index].gradient, sum, tolerance: 1e-6, "shared")
        }
        // One step for both uses.
        let before = shared.weight.value
        Optimizer(SGD(lr: 0.5), sharing.parameters).step()
        expectClose(shared.weight.value, before - 0.5 * shared.weight.gradient, tolerance: 1e-6, "step")
        #expect(bits(try sharing.forward(x)) != bits(y))
    }

    /// Weights packed for the kernels follow every change of the parameter.
    @Test func changedWeightsAreSeen() throws {
        let layers: [(any StandaloneLayer, [Int])] = [
            (Linear(6, 5), [4, 6]), (Conv2d(2, 5, kernelSize: 2), [3, 2, 4, 4]),
        ]
        for (layer, shape) in layers {
            let x = Tensor.normal(shape, seed: 1)
            let y = try layer.forward(x)
            let (dx, dy) = (try layer.backward(.normal(y.shape, seed: 2)), Tensor.normal(y.shape, seed: 2))
            let weight = try #require(layer.parameters.first)
            weight.value = 2 * weight.value
            layer.parameters[1].value = 2 * layer.parameters[1].value
            #expect(bits(try layer.forward(x)) == bits(2 * y))
            #expect(bits(try layer.backward(dy)) == bits(2 * dx))
            weight.clearGradient()
            weight.addToGradient { for i in $0.indices { $0[i] = 1 } }
            layer.parameters[1].clearGradient()
            Optimizer(SGD(lr: 1), layer.parameters).step()
            #expect(bits(try layer.forward(x)) != bits(2 * y))
        }
    }

    @Test func evaluationBetweenForwardAndBackwardIsAllowed() throws {
        let layer = Linear(6, 5)
        _ = try layer.forward(x)
        let expected = try layer.backward(dy)
        _ = try layer.forward(x)
        _ = try layer(.zeros([2, 6]))
        #expect(bits(try layer.backward(dy)) == bits(expected))
    }

    /// Both would give wrong numbers: the activation is computed in place, and a gradient would be counted once.
    @Test func aValueIsUsedOnce() async {
        await #expect(processExitsWith: .failure) {
            _ = try Plan(BesideItsActivation(), inputShape: [2, 3], mode: .inference)
        }
        await #expect(processExitsWith: .failure) { _ = try Plan(Doubled(), inputShape: [2, 3], mode: .training) }
        await #expect(processExitsWith: .success) { _ = try Plan(Residual {}, inputShape: [2, 3], mode: .training) }
    }
}

private struct BesideItsActivation: Layer {
    let description = "BesideItsActivation"
    func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        let a = try builder.build(Linear(3, 3), named: "linear", input)
        return try builder.sum(a, builder.build(ReLU(), named: "activation", a))
    }
}

private struct Doubled: Layer {
    let description = "Doubled"
    func build(_ builder: PlanBuilder, _ input: Value) throws -> Value { try builder.sum(input, input) }
}
