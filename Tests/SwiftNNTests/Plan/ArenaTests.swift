import ReferenceKernels
import SwiftNN
import TestSupport
import Testing

/// Whole plans against their layers run one by one: memory that two values share while both are needed, or a fused or
/// left-out operation, would show in the results.
@Suite struct ArenaTests {
    /// Of fused operations and of flattened images, sums have another order; the error grows with the depth.
    static let tolerance = 2e-5

    @Test(arguments: 0..<24) func aPlanComputesWhatItsLayersDo(seed: Int) throws {
        var random = RandomStream(seed: UInt64(seed) + 100)
        let channels = Int.random(in: 1...9, using: &random)
        let shape = [Int.random(in: 2...4, using: &random), channels, 9, 8]
        var maker = NetworkMaker(random: random)
        let model = maker.network(channels: channels, height: 9, width: 8)
        model.initialize(seed: UInt64(seed))
        let x = Tensor.normal(shape, seed: 1)

        let plan = try Plan(model, inputShape: shape, mode: .training, inputGradient: true)
        let y = try plan.forward(x)
        let dy = Tensor.normal(y.shape, seed: 2)
        try plan.backward(dy)
        let gradients = model.parameters.map(\.gradient)
        let dx = try #require(plan.inputGradient)
        let again = try plan.forward(x)
        #expect(bits(again) == bits(y), "a second pass through the same memory")

        model.clearGradients()
        expectClose(y, try forward(model, x), tolerance: Self.tolerance, "output of \(model)")
        expectClose(dx, try backward(model, dy), tolerance: Self.tolerance, "input gradient of \(model)")
        let largest = gradients.flatMap { $0.scalars.map { Double(abs($0)) } }.max() ?? 0
        for (parameter, gradient) in zip(model.parameters, gradients) {
            let error = relativeError(
                parameter.gradient.scalars, gradient.scalars.map(Double.init), least: largest)
            #expect(error <= Self.tolerance, "gradient of a parameter of \(model)")
        }
    }

    /// In inference memory is shared among more values.
    @Test(arguments: 0..<24) func inferenceComputesTheSame(seed: Int) throws {
        var maker = NetworkMaker(random: RandomStream(seed: UInt64(seed) + 200), batchNorm: false)
        let model = maker.network(channels: 3, height: 9, width: 8)
        model.initialize(seed: UInt64(seed))
        let x = Tensor.normal([3, 3, 9, 8], seed: 1)
        let training = try Plan(model, inputShape: x.shape, mode: .training)
        let inference = try Plan(model, inputShape: x.shape)
        let y = try training.forward(x)
        expectClose(try inference.forward(x), y, tolerance: Self.tolerance, "\(model)")
        #expect(bits(try inference.forward(x)) == bits(inference.lastOutput))
        #expect(inference.arenaByteCount < training.arenaByteCount)
    }

    @Test func emptyBatchesAreAllowed() throws {
        let model = Sequential {
            Conv2d(2, 3, kernelSize: 3)
            ReLU()
            MaxPool2d(2)
            Residual { PReLU(channels: 3) }
            Flatten()
            LayerNorm(12)
            Linear(12, 4)
        }
        for threads in 1...2 {
            try withThreads(threads) {
                model.clearGradients()
                let plan = try Plan(
                    model, inputShape: [0, 2, 6, 6], mode: .training, loss: CrossEntropyLoss(), inputGradient: true)
                #expect(try plan.forward(.zeros([0, 2, 6, 6]), labels: []) == 0)
                plan.backward()
                #expect(plan.lastOutput.shape == [0, 4])
                #expect(model.parameters.allSatisfy { $0.gradient == .zeros($0.shape) })
            }
        }
    }

    @Test func summaryListsLayersWithTheirShapes() throws {
        let model = Sequential {
            Conv2d(1, 2, kernelSize: 3)
            Residual { PReLU() }
            Flatten()
            Linear(8, 3)
        }
        let plan = try Plan(model, inputShape: [5, 1, 4, 4])
        let lines = plan.summary.map { "\($0.name) \($0.layer) \($0.outputShape) \($0.parameters)" }
        #expect(
            lines == [
                "0 Conv2d(1, 2, kernelSize: 3) [5, 2, 2, 2] 20", "1.main.0 PReLU(channels: 1) [5, 2, 2, 2] 1",
                "2 Flatten() [5, 8] 0", "3 Linear(8, 3) [5, 3] 27",
            ])
    }

    // MARK: Layers one by one

    private func forward(_ layer: any Layer, _ x: Tensor) throws -> Tensor {
        switch layer {
        case let sequence as Sequential: return try sequence.layers.reduce(x) { try forward($1, $0) }
        case let residual as Residual:
            let main = try forward(residual.main, x)
            return try main + (residual.shortcut.map { try forward($0, x) } ?? x)
        default: return try #require(layer as? any StandaloneLayer).forward(x)
        }
    }

    private func backward(_ layer: any Layer, _ dy: Tensor) throws -> Tensor {
        switch layer {
        case let sequence as Sequential: return try sequence.layers.reversed().reduce(dy) { try backward($1, $0) }
        case let residual as Residual:
            let main = try backward(residual.main, dy)
            return try main + (residual.shortcut.map { try backward($0, dy) } ?? dy)
        default: return try #require(layer as? any StandaloneLayer).backward(dy)
        }
    }
}

/// Makes networks of many random layers, residuals among them.
private struct NetworkMaker {
    var random: RandomStream
    var batchNorm = true

    mutating func network(channels: Int, height: Int, width: Int) -> Sequential {
        var (channels, height, width) = (channels, height, width)
        var layers: [any Layer] = []
        for _ in 0..<Int.random(in: 6...14, using: &random) {
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where height > 3 && width > 3:
                layers.append(
                    Bool.random(using: &random) ? MaxPool2d(2, stride: 1) : AvgPool2d(2, stride: 1))
                (height, width) = (height - 1, width - 1)
            case 1, 2:
                let out = Int.random(in: 1...9, using: &random)
                layers.append(
                    Residual(shortcut: out == channels ? nil : Conv2d(channels, out, kernelSize: 1)) {
                        imageLayers(channels, out)
                    })
                channels = out
            default:
                let out = Int.random(in: 1...9, using: &random)
                layers += imageLayers(channels, out)
                channels = out
            }
        }
        layers.append(Flatten())
        var features = channels * height * width
        for _ in 0..<Int.random(in: 2...6, using: &random) {
            let out = Int.random(in: 2...20, using: &random)
            layers += [Linear(features, out), pointwise(out)]
            if Bool.random(using: &random) { layers.append(Residual { [Linear(out, out), pointwise(out)] }) }
            // Of a few numbers the deviation can be close to 0, and its inverse magnifies roundings.
            if out > 5 { layers.append(LayerNorm(out)) }
            features = out
        }
        return Sequential(layers)
    }

    private mutating func imageLayers(_ channels: Int, _ out: Int) -> [any Layer] {
        var layers: [any Layer] = [Conv2d(channels, out, kernelSize: 3, padding: 1)]
        if batchNorm && Bool.random(using: &random) { layers.append(BatchNorm2d(out)) }
        layers.append(pointwise(out))
        if Bool.random(using: &random) { layers.append(pointwise(out)) }
        return layers
    }

    /// A smooth layer for any shape with so many channels: a kink could fall on either side by a rounding.
    private mutating func pointwise(_ channels: Int) -> any Layer {
        let layers: [any Layer] = [
            Tanh(), Sigmoid(), GELU(), SiLU(), Softplus(), ELU(), Arctan(), Identity(), Dropout(0), Copy(),
            CustomActivation(Softsign()),
        ]
        return layers[Int.random(in: layers.indices, using: &random)]
    }
}
