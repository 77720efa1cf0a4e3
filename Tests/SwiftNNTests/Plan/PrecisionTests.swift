import SwiftNN
import TestSupport
import Testing

/// A plan in bfloat16 against one in float32 whose operations are rounded one by one.
@Suite struct PrecisionTests {
    /// A norm and the activation behind it are one operation, of which the gradient between them is rounded, too.
    ///
    /// - Parameter between: what rounds that gradient.
    private static func layers(between: [any Layer] = []) -> [any Layer] {
        [
            Conv2d(3, 8, kernelSize: 3, padding: 1), ReLU(), Conv2d(8, 16, kernelSize: 3, padding: .same, bias: false),
            MaxPool2d(2), Sequential([BatchNorm2d(16)] + between + [GELU()]),
        ]
    }

    /// The norm and the sum behind it are one operation: what is added is not rounded, but its gradient.
    private static func block() -> [any Layer] { [Conv2d(16, 16, kernelSize: 3, padding: 1), BatchNorm2d(16)] }

    private static func roundedResidual() -> Residual {
        Residual { [Round(), block()[0], Round(), block()[1], Round(roundsForward: false)] }
    }

    private static func head() -> [any Layer] { [ReLU(), GlobalMaxPool2d(), Flatten(), LayerNorm(16), Linear(16, 10)] }

    private static func plain() -> Sequential {
        Sequential(layers() + [Residual(block)] + head())
    }

    private static func afterEach(_ layers: [any Layer]) -> [any Layer] { layers.flatMap { [$0, Round()] } }

    private static func rounded() -> Sequential {
        let body =
            afterEach(layers(between: [Round(roundsForward: false)])) + [roundedResidual(), Round()]
        return Sequential([Round()] + body + afterEach(head()))
    }

    @Test func roundsWhatEveryOperationPutsOut() throws {
        try expectSameBits(Self.plain(), Self.rounded())
    }

    /// The pooling takes the derivative of the activation before it.
    @Test func roundsWhatAPoolingTakesOver() throws {
        let layers: () -> [any Layer] = {
            [
                Conv2d(3, 8, kernelSize: 3), ReLU(), MaxPool2d(3, stride: 2), Conv2d(8, 10, kernelSize: 2),
                GlobalMaxPool2d(), Flatten(),
            ]
        }
        try expectSameBits(Sequential(layers()), Sequential([Round()] + Self.afterEach(layers())))
    }

    /// Gradients of elements in two windows are sums.
    @Test(arguments: [SpatialSize(2, 2), SpatialSize(3, 2), SpatialSize(2, 3), SpatialSize(3, 3)])
    func roundsWhereWindowsOverlap(stride: SpatialSize) throws {
        let layers: () -> [any Layer] = {
            [
                Conv2d(3, 8, kernelSize: 3), MaxPool2d(3, stride: stride), Conv2d(8, 10, kernelSize: 2),
                GlobalMaxPool2d(), Flatten(),
            ]
        }
        try expectSameBits(Sequential(layers()), Sequential([Round()] + Self.afterEach(layers())))
    }

    private func expectSameBits(_ model: Sequential, _ apart: Sequential) throws {
        let (plain, rounded) = try lossOutputAndGradients(model, apart, Tensor.uniform([4, 3, 12, 12], seed: 2))
        let same = zip(plain, rounded).map { bits($0) == bits($1) }
        #expect(same == same.map { _ in true }, "loss, output, gradients of \(model.namedParameters.map(\.name))")
    }

    /// Products wide enough for CPUs to multiply at 16 bits: their sums differ in the last places, what is rounded from
    /// them in one of bfloat16's, here and there.
    @Test func linearLayersMultiplyRoundedNumbers() throws {
        let layers: () -> [any Layer] = {
            [Linear(150, 96), LeakyReLU(), Linear(96, 130), ReLU(), Linear(130, 70), Tanh(), Linear(70, 10)]
        }
        let (plain, rounded) = try lossOutputAndGradients(
            Sequential(layers()), Sequential([Round()] + Self.afterEach(layers())), Tensor.uniform([64, 150], seed: 5))
        for (index, (tensor, expected)) in zip(plain, rounded).enumerated() {
            expectClose(tensor, expected, tolerance: 0.02, "loss, output and gradients, number \(index)")
        }
    }

    /// The same with channels and images enough.
    @Test func convolutionsMultiplyRoundedNumbers() throws {
        let layers: () -> [any Layer] = {
            [
                Conv2d(16, 24, kernelSize: 3, padding: 1), ReLU(), Conv2d(24, 40, kernelSize: 2, stride: 2), ReLU(),
                Conv2d(40, 20, kernelSize: 1, bias: false), Flatten(), Linear(320, 10),
            ]
        }
        let (plain, rounded) = try lossOutputAndGradients(
            Sequential(layers()), Sequential([Round()] + Self.afterEach(layers())),
            Tensor.uniform([33, 16, 8, 8], seed: 6))
        for (index, (tensor, expected)) in zip(plain, rounded).enumerated() {
            expectClose(tensor, expected, tolerance: 0.02, "loss, output and gradients, number \(index)")
        }
    }

    /// The same with all that takes values at 16 bits from convolutions and for them, and what does not between.
    @Test func layersPassOnRoundedNumbers() throws {
        let layers: (_ between: [any Layer]) -> [any Layer] = { between in
            [
                Conv2d(3, 16, kernelSize: 3, padding: 1), ReLU(), MaxPool2d(2),
                Conv2d(16, 24, kernelSize: 3, padding: 1),
                Sequential([BatchNorm2d(24)] + between + [GELU()]), AvgPool2d(2),
                Conv2d(24, 16, kernelSize: 1, bias: false), SiLU(),
            ]
        }
        let head: () -> [any Layer] = { [GELU(), GlobalMaxPool2d(), Flatten(), Linear(16, 10)] }
        let plain = Sequential(layers([]) + [Residual(Self.block)] + head())
        let body = Self.afterEach(layers([Round(roundsForward: false)]))
        let apart = Sequential([Round()] + body + [Self.roundedResidual(), Round()] + Self.afterEach(head()))
        let (results, expected) = try lossOutputAndGradients(plain, apart, Tensor.uniform([33, 3, 8, 8], seed: 7))
        for (index, (tensor, expected)) in zip(results, expected).enumerated() {
            expectClose(tensor, expected, tolerance: 0.03, "loss, output and gradients, number \(index)")
        }
    }

    /// Of one model in bfloat16, and of another with the same weights, already rounded, in float32.
    private func lossOutputAndGradients(
        _ plain: Sequential, _ rounded: Sequential, _ x: Tensor
    ) throws -> (plain: [Tensor], rounded: [Tensor]) {
        plain.initialize(seed: 1)
        copyRounded(plain, to: rounded)
        let labels = (0..<Int32(x.shape[0])).map { $0 * 7 % 10 }
        let results = try [(plain, Precision.bfloat16), (rounded, .float32)].map { model, precision in
            let plan = try Plan(
                model, inputShape: x.shape, mode: .training, loss: CrossEntropyLoss(), precision: precision)
            let loss = try plan.forward(x, labels: labels)
            plan.backward()
            return [Tensor([Float(loss)]), plan.lastOutput] + model.parameters.map(\.gradient)
        }
        return (results[0], results[1])
    }

    /// Convolutions and linear layers multiply with rounded weights; norms and biases do not.
    private func copyRounded(_ model: Sequential, to other: Sequential) {
        for (source, target) in zip(model.parameters, other.parameters) {
            target.value = source.shape.count > 1 ? roundedToBFloat16(source.value) : source.value
        }
    }

    @Test func inferenceRoundsToo() throws {
        let (model, apart) = (Self.plain(), Self.rounded())
        model.initialize(seed: 3)
        let x = Tensor.uniform([2, 3, 12, 12], seed: 4)
        let whole = try Plan(model, inputShape: x.shape).forward(x)
        let half = try Plan(model, inputShape: x.shape, precision: .bfloat16).forward(x)
        copyRounded(model, to: apart)
        #expect(try bits(half) == bits(Plan(apart, inputShape: x.shape).forward(x)) && bits(half) != bits(whole))
        // A few roundings, each of 1 part in 256 at most.
        expectClose(half, whole, tolerance: 0.03, "bfloat16")
    }

    @Test func trainsAsFloat32() throws {
        let fixture = Fixture.trainings
        let x = try fixture.tensor("cnn/x")
        let labels = try fixture.tensor("cnn/labels").scalars.map { Int32($0) }
        let (batch, shape) = (x.shape[1], Array(x.shape.dropFirst()))
        let losses = try Precision.allCases.map { precision in
            let model = TrainingFixtureTests.cnn()
            try model.load(fixture.tensors(under: "cnn/p."))
            let optimizer = Optimizer(SGD(lr: 0.1, momentum: 0.9), model.parameters)
            let plan = try Plan(
                model, inputShape: shape, mode: .training, loss: CrossEntropyLoss(), precision: precision)
            return try (0..<x.shape[0]).map { step in
                let labels = Array(labels[step * batch..<(step + 1) * batch])
                let loss = try plan.forward(x[rows: step..<step + 1].reshaped(shape), labels: labels)
                optimizer.clearGradients()
                plan.backward()
                optimizer.step()
                return Float(loss)
            }
        }
        expectClose(Tensor(losses[1]), Tensor(losses[0]), tolerance: 0.03, "losses in bfloat16")
        #expect(losses[1] != losses[0])
    }
}

/// Rounds what goes through it, both ways or backward alone.
private struct Round: CustomLayer {
    var roundsForward = true
    let runner = LayerRunner()
    func outputShape(for input: [Int]) -> [Int] { input }
    func forward(_ x: Span<Float>, shape: [Int], mode: Plan.Mode, into y: inout MutableSpan<Float>) {
        for i in x.indices { y[i] = roundsForward ? roundedToBFloat16(x[i]) : x[i] }
    }
    func backward(
        input: Span<Float>, output: Span<Float>, outputGradient dy: Span<Float>, shape: [Int],
        into dx: inout MutableSpan<Float>
    ) {
        for i in dy.indices { dx[i] = roundedToBFloat16(dy[i]) }
    }
    var description: String { "Round()" }
}

/// Of a finite number: to nearest, ties to even, as the bits of the upper half count up.
private func roundedToBFloat16(_ x: Float) -> Float {
    let half = UInt32(0x7fff) + (x.bitPattern >> 16 & 1)
    return Float(bitPattern: (x.bitPattern + half) & 0xffff_0000)
}

private func roundedToBFloat16(_ tensor: Tensor) -> Tensor {
    Tensor(tensor.scalars.map { roundedToBFloat16($0) }, shape: tensor.shape)
}
