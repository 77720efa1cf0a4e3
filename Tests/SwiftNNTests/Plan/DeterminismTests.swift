import SwiftNN
import TestSupport
import Testing

/// The same seed gives the same bits: in another plan, and on any number of threads.
@Suite struct DeterminismTests {
    /// Every kind of layer, at sizes at which the kernels use more than one thread.
    private static func model() -> Sequential {
        let model = Sequential {
            Conv2d(3, 24, kernelSize: 3, padding: 1, bias: false)
            BatchNorm2d(24)
            ReLU()
            Residual(shortcut: Conv2d(24, 40, kernelSize: 1, stride: 2)) {
                Conv2d(24, 24, kernelSize: 3, padding: 1, groups: 24)
                PReLU(channels: 24)
                Dropout(0.2)
                Conv2d(24, 40, kernelSize: 3, stride: 2, padding: 1)
                GELU()
            }
            MaxPool2d(3, stride: 2, padding: 1)
            AvgPool2d(2, stride: 1)
            Flatten()
            Dropout(0.3)
            Linear(40 * 9, 300)
            LayerNorm(300)
            SiLU()
            Linear(300, 10)
        }
        model.initialize(seed: 1)
        return model
    }

    /// Losses of some steps, and all parameters and statistics after them.
    private func train(
        threads: Int, seed: UInt64 = 7, rule: any UpdateRule = SGD(lr: 0.05, momentum: 0.9, weightDecay: 1e-3)
    ) throws -> (losses: [Double], state: [[UInt32]]) {
        try withThreads(threads) {
            let model = Self.model()
            let plan = try Plan(
                model, inputShape: [16, 3, 16, 16], mode: .training, loss: CrossEntropyLoss(labelSmoothing: 0.1),
                seed: seed)
            let optimizer = Optimizer(rule, model.parameters)
            let labels = (0..<16).map { Int32($0 % 10) }
            let losses = try (0..<3).map { step in
                let loss = try plan.forward(.normal([16, 3, 16, 16], seed: UInt64(step)), labels: labels)
                optimizer.clearGradients()
                plan.backward()
                GradientClipping.norm(1).apply(to: optimizer.parameters)
                optimizer.step()
                return loss
            }
            return (losses, model.state.map { bits($0.tensor) })
        }
    }

    @Test func threadsDoNotChangeABit() throws {
        for rule in [SGD(lr: 0.05, momentum: 0.9, weightDecay: 1e-3), Adam(lr: 1e-3)] as [any UpdateRule] {
            let one = try train(threads: 1, rule: rule)
            #expect(Set(one.losses).count == 3)
            for threads in 1...3 {
                let other = try train(threads: threads, rule: rule)
                #expect(other.losses == one.losses, "\(threads) threads")
                #expect(other.state == one.state, "\(threads) threads")
            }
        }
    }

    @Test func theSeedDecidesWhatDropoutDrops() throws {
        #expect(try train(threads: 1, seed: 8).losses != train(threads: 1, seed: 7).losses)
    }

    @Test func whatDropoutDropsFollowsFromTheStep() throws {
        func masks(steps: [Int], rows: Int) throws -> [[Float]] {
            let plan = try Plan(Dropout(0.5), inputShape: [rows, 64], mode: .training, seed: 3)
            return try steps.map { step in
                plan.step = step
                return try plan.forward(Tensor(repeating: 1, shape: [rows, 64])).scalars
            }
        }
        let inTurn = try masks(steps: [0, 1, 2, 3], rows: 8)
        #expect(Set(inTurn).count == 4)
        #expect(try masks(steps: [3, 1], rows: 8) == [inTurn[3], inTurn[1]])
        // A smaller last batch has the beginning of the same numbers, not those of another step.
        #expect(try masks(steps: [3], rows: 2) == [Array(inTurn[3].prefix(128))])
    }

    /// As in epochs whose last batch is smaller.
    @Test func aLayerByItselfDropsAnewInEveryEpoch() throws {
        let layer = Dropout(0.5)
        let masks = try (0..<3).flatMap { _ in
            try [8, 8, 2].map { rows in try layer.forward(Tensor(repeating: 1, shape: [rows, 64])).scalars.prefix(128) }
        }
        #expect(Set(masks).count == 9)
    }

    @Test func dropoutDropsAsOftenAsItSays() throws {
        let x = Tensor(repeating: 1, shape: [100, 200])
        let layer = Dropout(0.25)
        let (first, second) = (try layer.forward(x), try layer.forward(x))
        #expect(first != second)
        #expect(Set(first.scalars) == [0, 1 / 0.75])
        let kept = first.scalars.count { $0 != 0 }
        #expect(abs(Double(kept) / 20_000 - 0.75) < 0.02)
        // The gradient passes where the number did.
        #expect(try layer.backward(x) == second)
        #expect(try layer(x) == x)
    }
}
