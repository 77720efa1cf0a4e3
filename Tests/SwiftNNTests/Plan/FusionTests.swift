import SwiftNN
import TestSupport
import Testing

/// What a plan fuses, or leaves out, does not change a result.
@Suite struct FusionTests {
    enum Kind: String, CaseIterable, Sendable {
        case linear, conv, batchNorm, batchNorm1d

        func layer() -> any StandaloneLayer {
            switch self {
            case .linear: Linear(7, 19)
            case .conv: Conv2d(3, 19, kernelSize: 3, padding: 1)
            case .batchNorm: BatchNorm2d(3)
            case .batchNorm1d: BatchNorm1d(7)
            }
        }

        var shape: [Int] { self == .linear || self == .batchNorm1d ? [5, 7] : [2, 3, 5, 4] }
    }

    static func activation(_ index: Int) -> any StandaloneLayer {
        [
            Identity(), BinaryStep(), Sigmoid(), Tanh(), Arctan(), ReLU(), LeakyReLU(slope: 0.1), LeakyReLU(slope: -1),
            ELU(), GELU(), GELU(approximation: .sigmoid), GELU(approximation: .tanh), SiLU(), Softplus(),
        ][index]
    }

    @Test(arguments: Kind.allCases, 0..<14) func anActivationBehindALayer(_ kind: Kind, activation: Int) throws {
        let layer = kind.layer()
        layer.initialize(seed: 1)
        let fused = Sequential([layer, Self.activation(activation)])
        let apart = Sequential([layer, Copy(), Self.activation(activation)])
        let twice = Sequential([layer, Identity(), Self.activation(activation), Tanh()])
        let twiceApart = Sequential([layer, Copy(), Self.activation(activation), Copy(), Tanh()])
        for (a, b) in [(fused, apart), (twice, twiceApart)] {
            for mode in [Plan.Mode.training, .inference] {
                try expectSame(results(a, kind.shape, mode), results(b, kind.shape, mode))
            }
        }
    }

    /// No derivative is taken, so that the layer need not keep what goes into the activation.
    @Test(arguments: 0..<14) func anActivationBehindAFrozenLayer(activation: Int) throws {
        let conv = Conv2d(3, 19, kernelSize: 3, padding: 1)
        conv.initialize(seed: 1)
        for parameter in conv.parameters { parameter.requiresGradient = false }
        let learned = Conv2d(19, 2, kernelSize: 1)
        learned.initialize(seed: 2)
        let gradients = try [[], [Copy()]].map { (copy: [any Layer]) in
            let model = Sequential([conv] + copy + [Self.activation(activation), learned])
            model.clearGradients()
            let plan = try Plan(model, inputShape: Kind.conv.shape, mode: .training)
            let y = try plan.forward(.normal(Kind.conv.shape, seed: 3))
            try plan.backward(.normal(y.shape, seed: 4))
            return [y] + learned.parameters.map(\.gradient)
        }
        expectSame(gradients[0], gradients[1])
    }

    /// The derivative is taken behind the pooling, where only the winners are left.
    @Test(arguments: 0..<14) func anActivationBeforeMaxPooling(activation: Int) throws {
        let conv = Conv2d(3, 10, kernelSize: 3)
        conv.initialize(seed: 1)
        for pool in [MaxPool2d(2), MaxPool2d(3, stride: 2, padding: 1), MaxPool2d(2, stride: 1)] {
            let direct = Sequential([conv, Self.activation(activation), pool])
            let apart = Sequential([conv, Self.activation(activation), Copy(), pool])
            let shape = [2, 3, 11, 10]
            let (a, b) = (try results(direct, shape, .training), try results(apart, shape, .training))
            for (x, y) in zip(a, b) { expectClose(x, y, tolerance: 2e-6, "\(pool), activation \(activation)") }
        }
    }

    /// Another reader's gradient has not passed the activation.
    @Test func anActivationBeforeABranch() throws {
        let conv = Conv2d(3, 10, kernelSize: 3)
        conv.initialize(seed: 1)
        let branches = [[], [Copy()]].map { (copy: [any Layer]) in
            Sequential([conv, ReLU()] + copy + [Residual { MaxPool2d(3, stride: 1, padding: 1) }])
        }
        let (a, b) = (
            try results(branches[0], [2, 3, 8, 8], .training), try results(branches[1], [2, 3, 8, 8], .training)
        )
        for (x, y) in zip(a, b) { expectClose(x, y, tolerance: 2e-6, "branches") }
    }

    /// A norm takes on the sum and the activation behind it, whose derivative the next branch takes over.
    @Test(arguments: 0..<14, [true, false]) func aSumBehindANorm(activation: Int, withShortcut: Bool) throws {
        let shape = [2, 6, 5, 4]
        let convolutions = (0..<4).map { _ in Conv2d(6, 6, kernelSize: 3, padding: 1) }
        let norms = (0..<4).map { _ in BatchNorm2d(6) }
        for (seed, layer) in (convolutions as [any Layer] + norms).enumerated() { layer.initialize(seed: UInt64(seed)) }
        func block(_ index: Int, _ copy: [any Layer]) -> [any Layer] {
            let shortcut = Sequential([convolutions[index + 1], norms[index + 1]] + copy)
            return [
                Residual(shortcut: withShortcut ? shortcut : nil) {
                    convolutions[index]
                    norms[index]
                    Sequential(copy)
                }
            ] + copy + [Self.activation(activation)] + copy
        }
        for mode in [Plan.Mode.training, .inference] {
            let (fused, apart) = (
                try results(Sequential(block(0, []) + block(2, [])), shape, mode),
                try results(Sequential(block(0, [Copy()]) + block(2, [Copy()])), shape, mode)
            )
            for (a, b) in zip(fused, apart) {
                expectClose(a, b, tolerance: 2e-6, "activation \(activation), \(mode)")
            }
        }
    }

    /// In inference the norm is a part of the convolution, whatever of both changes.
    @Test(arguments: [true, false]) func aNormBehindAConvolution(affine: Bool) throws {
        let norm = BatchNorm2d(6, affine: affine)
        for conv in [
            Conv2d(4, 6, kernelSize: 3, padding: 1), Conv2d(4, 6, kernelSize: 2, groups: 2, bias: false),
            Conv2d(4, 6, kernelSize: 1, stride: 2),
        ] {
            let models = [[], [Copy()]].map { (copy: [any Layer]) in Sequential([conv] + copy + [norm, ReLU(), Tanh()])
            }
            let plans = try models.map { try Plan($0, inputShape: [2, 4, 9, 8]) }
            for (seed, changed) in (conv.parameters + norm.parameters).enumerated() {
                changed.value = .uniform(changed.shape, low: 0.5, high: 1.5, seed: UInt64(seed))
                let x = Tensor.normal([2, 4, 9, 8], seed: 9)
                let (folded, apart) = (try plans[0].forward(x), try plans[1].forward(x))
                expectClose(folded, apart, tolerance: 2e-6, "\(conv), change \(seed)")
            }
        }
    }

    /// It is of other channels there.
    @Test func aNormBehindAFlattenedConvolution() throws {
        let conv = Conv2d(2, 3, kernelSize: 1)
        let norm = BatchNorm1d(12)
        norm.runningMean.value = .normal([12], seed: 1)
        let x = Tensor.normal([5, 2, 2, 2], seed: 2)
        let direct = try Plan(Sequential([conv, Flatten(), norm]), inputShape: x.shape).forward(x)
        let apart = try Plan(Sequential([conv, Copy(), Flatten(), norm]), inputShape: x.shape).forward(x)
        expectClose(direct, apart, tolerance: 1e-6, "flattened")
    }

    @Test func flattenIsAView() throws {
        let conv = Conv2d(3, 4, kernelSize: 2)
        let linear = Linear(4 * 3 * 2, 5)
        let direct = Sequential([conv, Flatten(), Flatten(), ReLU(), Dropout(0), linear])
        let copied = Sequential([conv, Copy(), Flatten(), Copy(), ReLU(), linear])
        let (a, b) = (try results(direct, [2, 3, 4, 3], .training), try results(copied, [2, 3, 4, 3], .training))
        // The products are summed in another order.
        for (x, y) in zip(a, b) { expectClose(x, y, tolerance: 2e-6, "flatten") }
    }

    /// Every layer that may read a flattened image, against the same on a copy in logical order.
    @Test func everyReaderKnowsTheOrderOfAFlattenedImage() throws {
        let readers: [any Layer] = [
            BatchNorm1d(24), LayerNorm(24), PReLU(channels: 24), PReLU(), Softmax(), LogSoftmax(), Sigmoid(), GELU(),
            Scale(24), Residual { Tanh() }, Residual(shortcut: Linear(24, 24)) { Tanh() }, Flatten(),
        ]
        let conv = Conv2d(3, 4, kernelSize: 2)
        for reader in readers {
            let direct = Sequential([conv, Flatten(), reader])
            let copied = Sequential([conv, Flatten(), Copy(), reader])
            let (a, b) = (try results(direct, [2, 3, 4, 3], .training), try results(copied, [2, 3, 4, 3], .training))
            for (x, y) in zip(a, b) { expectClose(x, y, tolerance: 4e-6, "\(reader)") }
        }
    }

    /// Output, and in training the gradients of input and parameters.
    private func results(_ model: Sequential, _ shape: [Int], _ mode: Plan.Mode) throws -> [Tensor] {
        model.clearGradients()
        let plan = try Plan(model, inputShape: shape, mode: mode, inputGradient: true)
        let y = try plan.forward(.normal(shape, seed: 2))
        guard mode == .training else { return [y] }
        try plan.backward(.normal(y.shape, seed: 3))
        return try [y, #require(plan.inputGradient)] + model.parameters.map(\.gradient)
    }

    private func expectSame(_ a: [Tensor], _ b: [Tensor], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(a.map(\.shape) == b.map(\.shape), sourceLocation: sourceLocation)
        #expect(a.map(bits) == b.map(bits), sourceLocation: sourceLocation)
    }
}
