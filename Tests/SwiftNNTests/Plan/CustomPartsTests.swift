import SwiftNN
import TestSupport
import Testing

/// Layers, activations, losses and rules written in Swift, among the built-in ones.
@Suite struct CustomPartsTests {
    /// Two classes that a line does not separate.
    private static func ring(_ count: Int) -> (x: Tensor, labels: [Int32]) {
        let x = Tensor.uniform([count, 2], low: -1, high: 1, seed: 1)
        let labels = (0..<count).map { x[$0, 0] * x[$0, 0] + x[$0, 1] * x[$0, 1] < 0.5 ? Int32(1) : 0 }
        return (x, labels)
    }

    private static func model() -> Sequential {
        let model = Sequential {
            Linear(2, 24)
            CustomActivation(Softsign())
            Residual {
                Scale(24)
                Linear(24, 24)
                ReLU()
            }
            Copy()
            Linear(24, 2)
        }
        model.initialize(seed: 2)
        return model
    }

    @Test func trainTogetherWithBuiltInOnes() throws {
        let (x, labels) = Self.ring(100)
        let model = Self.model()
        let plan = try Plan(model, inputShape: x.shape, mode: .training, loss: PlainCrossEntropy())
        let optimizer = Optimizer(PlainDescent(lr: 0.5), model.parameters)
        var losses: [Double] = []
        for _ in 0..<400 {
            losses.append(try plan.forward(x, labels: labels))
            optimizer.clearGradients()
            plan.backward()
            optimizer.step()
        }
        #expect(losses[0] > 0.5)
        #expect(losses.last ?? 1 < 0.2)
        #expect(plan.correctCount > 93)
    }

    @Test func agreeWithTheBuiltInOnes() throws {
        let (x, labels) = Self.ring(20)
        func gradients(_ loss: any Loss, _ run: (Plan) throws -> Double) throws -> [Tensor] {
            let model = Self.model()
            let plan = try Plan(model, inputShape: x.shape, mode: .training, loss: loss, inputGradient: true)
            let value = try run(plan)
            plan.backward()
            return try [Tensor([Float(value)]), #require(plan.inputGradient)] + model.parameters.map(\.gradient)
        }
        let targets = Tensor.normal([20, 2], seed: 3)
        let pairs = try [
            (
                gradients(PlainCrossEntropy()) { try $0.forward(x, labels: labels) },
                gradients(CrossEntropyLoss()) { try $0.forward(x, labels: labels) }
            ),
            (
                gradients(PlainMSE()) { try $0.forward(x, targets: targets) },
                gradients(MSELoss()) { try $0.forward(x, targets: targets) }
            ),
        ]
        for (custom, builtIn) in pairs {
            for (a, b) in zip(custom, builtIn) { expectClose(a, b, tolerance: 4e-6, "loss") }
        }
    }

    @Test func aLossTakesItsClassesFromTheLastDimension() throws {
        let x = Tensor.normal([3, 4, 2], seed: 4)
        let labels = (0..<12).map { Int32($0 % 2) }
        let values = try [PlainCrossEntropy() as any Loss, CrossEntropyLoss()].map {
            try Plan(Identity(), inputShape: x.shape, loss: $0).forward(x, labels: labels)
        }
        #expect(abs(values[0] - values[1]) < 1e-6)
    }

    /// A layer made of others, and of a parameter of its own.
    private struct Block: Layer {
        let inner = Linear(4, 4)
        let own: Parameter?
        var namedParameters: [NamedParameter] {
            inner.namedParameters.map { NamedParameter("inner.\($0.name)", $0.parameter) }
                + (own.map { [NamedParameter("own", $0)] } ?? [])
        }
        var description: String { "Block()" }
        func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
            try builder.build(inner, named: "inner", input)
        }
    }

    @Test func everyParameterIsInOneLineOfTheSummary() throws {
        func lines(_ own: Parameter?) throws -> [String] {
            try Plan(Sequential { Block(own: own) }, inputShape: [1, 4]).summary.map { "\($0.name) \($0.parameters)" }
        }
        #expect(try lines(nil) == ["0.inner 20"])
        #expect(try lines(Parameter([3], .constant(1))) == ["0.inner 20", "0 3"])
    }

    @Test func lossesTakeImages() throws {
        let x = Tensor.normal([2, 3, 4, 5], seed: 5)
        let targets = Tensor.normal([2, 4, 4, 5], seed: 6)
        let conv = Conv2d(3, 4, kernelSize: 1)
        let y = try conv(x)
        let expected = (y - targets).scalars.reduce(0.0) { $0 + Double($1 * $1) } / Double(y.count)
        for loss in [MSELoss() as any Loss, PlainMSE()] {
            let plan = try Plan(conv, inputShape: x.shape, loss: loss)
            #expect(abs(try plan.forward(x, targets: targets) - expected) < 1e-5 * expected)
        }
    }
}
