import SwiftNN
import TestSupport
import Testing

/// The first layers stop learning at their moments; a recorder looks at the model after every step.
@Suite struct ProgressiveFreezingTests {
    /// Four epochs of five steps, the last of each with two samples. The classes are easy to tell apart.
    private static let data: TensorDataset = {
        let labels = (0..<34).map { Int32($0 % 3) }
        let noise = Tensor.uniform([34, 3, 6, 6], low: -0.5, high: 0.5, seed: 1)
        let signal = labels.flatMap { label in (0..<108).map { $0 / 36 == Int(label) ? Float(1) : 0 } }
        return TensorDataset(noise + Tensor(signal, shape: [34, 3, 6, 6]), labels: labels)
    }()
    private static let steps = 20
    /// After 6 and 14 of the 20 steps.
    private static let stages: [ProgressiveFreezing.Stage] = [(layers: 3, at: 0.3), (layers: 6, at: 0.7)]

    private static func makeModel() -> Sequential {
        let model = Sequential {
            Conv2d(3, 4, kernelSize: 3, padding: .same)
            BatchNorm2d(4)
            ReLU()
            Conv2d(4, 5, kernelSize: 3)
            BatchNorm2d(5)
            GELU()
            Dropout(0.1)
            Flatten()
            Linear(80, 3)
        }
        model.initialize(seed: 5)
        return model
    }

    /// After every step asks the model, in training mode, for the gradient of a sum of its outputs.
    private final class Prober: TrainerCallback {
        var gradients: [Tensor] = []
        /// The gradient's total, by central differences of the model in inference.
        var differences: [Double] = []
        private let x = Tensor.uniform([2, 3, 6, 6], low: -1, high: 1, seed: 9)
        private static let step = Tensor(repeating: 0.01, shape: [2, 3, 6, 6])

        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) throws {
            guard let model = trainer.model as? Sequential else { return }
            let y = try model.forward(x)
            gradients.append(try model.backward(Tensor(repeating: 1, shape: y.shape)))
            model.clearGradients()
            let (above, below) = (try model(x + Self.step), try model(x - Self.step))
            differences.append((above - below).scalars.reduce(0) { $0 + Double($1) } / 0.02)
        }
    }

    private final class Recorder: TrainerCallback {
        /// Every parameter and running statistic after each step, by name; first as they were before any.
        var values: [[String: [Float]]] = []
        var losses: [Double] = []
        /// Of each step.
        var multiplyAdds: [Int] = []
        private var interruptsAt: Int?
        private var sum = 0

        init(interruptsAt: Int? = nil) { self.interruptsAt = interruptsAt }

        func trainingStarted(_ run: TrainingRun, trainer: Trainer) { note(trainer) }

        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            note(trainer)
            losses.append(trainer.lastLoss)
            multiplyAdds.append(record.multiplyAdds - (record.steps == 1 ? 0 : sum))
            sum = record.multiplyAdds
            if step == interruptsAt { trainer.interrupt() }
        }

        private func note(_ trainer: Trainer) {
            let parameters = trainer.model.namedParameters
            values.append(Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.parameter.value.scalars) }))
        }
    }

    private static func makeTrainer(
        _ recorder: Recorder, stages: [ProgressiveFreezing.Stage] = stages, model: Sequential = makeModel()
    ) -> Trainer {
        Trainer(
            model, loss: CrossEntropyLoss(),
            optimizer: Optimizer(SGD(lr: 0.05, momentum: 0.9, weightDecay: 1e-3), model.parameters), seed: 2,
            callbacks: [Lookahead(every: 3, retention: 0.3), ProgressiveFreezing(stages), recorder])
    }

    private static func fit(
        _ trainer: Trainer, _ policy: CheckpointPolicy? = nil, from checkpoint: Checkpoint? = nil
    ) throws {
        try trainer.fit(data, epochs: 4, batchSize: 8, checkpoints: policy, resumeFrom: checkpoint)
    }

    @Test func parametersChangeUntilTheirMoment() throws {
        let recorder = Recorder()
        let trainer = Self.makeTrainer(recorder)
        try Self.fit(trainer)
        for (name, first) in recorder.values[0] {
            let layer = try #require(name.split(separator: ".").first.flatMap { Int($0) })
            let moment = layer < 3 ? 6 : layer < 6 ? 14 : Self.steps
            let series = recorder.values.map { $0[name] ?? first }
            for step in 1...Self.steps {
                // A running mean may move by nothing; no number of it moves when it is frozen.
                #expect((series[step] != series[step - 1]) == (step <= moment), "\(name), step \(step)")
            }
        }
        let (early, late) = (recorder.losses[6..<11], recorder.losses[15..<20])
        #expect(late.reduce(0, +) < early.reduce(0, +), "the loss goes on falling")
    }

    /// Counted by hand for a batch of 8: a convolution's products are outputs times weights of an output.
    @Test func whatIsFrozenHasNoBackwardPass() throws {
        let recorder = Recorder()
        try Self.fit(Self.makeTrainer(recorder))
        let (first, second, last) = (8 * 4 * 36 * 27, 8 * 5 * 16 * 36, 8 * 80 * 3)
        func expected(_ step: Int) -> Int {
            switch step {
            case 1...6: 2 * first + 3 * second + 3 * last
            case 7...14: first + 2 * second + 3 * last
            default: first + second + 2 * last
            }
        }
        for step in 1...Self.steps where step % 5 != 0 {
            #expect(recorder.multiplyAdds[step - 1] == expected(step), "step \(step)")
        }
    }

    @Test func everythingLearnsAgainAfterwards() throws {
        let model = Self.makeModel()
        let weights = model.namedParameters.filter { $0.name.hasSuffix("weight") }.map(\.parameter)
        weights[0].requiresGradient = false
        let learned = model.namedParameters.map(\.parameter.requiresGradient)
        try Self.fit(Self.makeTrainer(Recorder(), model: model))
        #expect(model.namedParameters.map(\.parameter.requiresGradient) == learned)
        #expect(throws: TrainingInterrupted.self) {
            try Self.fit(Self.makeTrainer(Recorder(interruptsAt: 16), model: model))
        }
        #expect(model.namedParameters.map(\.parameter.requiresGradient) == learned)
    }

    @Test func goesOnToTheSameBits() throws {
        let folder = try TemporaryFolder()
        let policy = CheckpointPolicy(folder["checkpoint.safetensors"])
        let undisturbed = Self.makeTrainer(Recorder())
        try Self.fit(undisturbed)
        for step in [3, 5, 6, 7, 10, 13, 14, 15, 19] {
            #expect(throws: TrainingInterrupted.self) {
                try Self.fit(Self.makeTrainer(Recorder(interruptsAt: step)), policy)
            }
            let resumed = Self.makeTrainer(Recorder())
            try Self.fit(resumed, policy, from: Checkpoint(from: policy.path))
            let (own, other) = (resumed.model.state, undisturbed.model.state)
            #expect(own.map { bits($0.tensor) } == other.map { bits($0.tensor) }, "after step \(step)")
            #expect(resumed.history.map(\.trainLoss) == undisturbed.history.map(\.trainLoss))
            #expect(resumed.history.map(\.multiplyAdds) == undisturbed.history.map(\.multiplyAdds))
        }
        let lookahead = "Lookahead(every: 3, retention: 0.3, fadesIn: false) and "
        let difference =
            "callbacks \(lookahead)ProgressiveFreezing(3 layers at 0.3, 6 layers at 0.7), not "
            + "\(lookahead)ProgressiveFreezing(3 layers at 0.5)"
        expectFileError(policy.path, "a checkpoint of another training: \(difference)") {
            let other = Self.makeTrainer(Recorder(), stages: [(layers: 3, at: 0.5)])
            try Self.fit(other, policy, from: Checkpoint(from: policy.path))
        }
    }

    /// In training, too, gradients pass through a frozen norm: its statistics are constants.
    @Test func gradientsPassThroughFrozenNorms() throws {
        let model = Sequential {
            Conv2d(3, 4, kernelSize: 3)
            BatchNorm2d(4)
            Tanh()
            Flatten()
            Linear(64, 3)
        }
        model.initialize(seed: 3)
        let prober = Prober()
        let trainer = Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.01), model.parameters),
            callbacks: [ProgressiveFreezing([(layers: 3, at: 0.1)]), prober])
        try trainer.fit(Self.data, epochs: 2, batchSize: 8)
        // Frozen after the first step of ten.
        for (gradient, difference) in zip(prober.gradients, prober.differences).dropFirst() {
            let total = gradient.scalars.reduce(0) { $0 + Double($1) }
            #expect(abs(total - difference) < 1e-3 * max(abs(difference), 1))
        }
        #expect(prober.gradients.count == 10)
    }
}
