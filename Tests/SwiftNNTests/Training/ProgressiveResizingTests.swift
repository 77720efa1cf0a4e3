import ReferenceKernels
import SwiftNN
import TestSupport
import Testing

/// A model learns from smaller images at first.
@Suite struct ProgressiveResizingTests {
    /// Four epochs of five steps, the last of each with two samples.
    private static let data = TensorDataset(
        .uniform([34, 2, 8, 8], low: -1, high: 1, seed: 1), labels: (0..<34).map { Int32($0 % 3) })
    /// The first 5 steps of 20, and those before the 13th.
    private static let stages: [ProgressiveResizing.Stage] = [(size: 6, until: 0.6), (size: 4, until: 0.25)]

    private final class Recorder: TrainerCallback {
        /// Of each step.
        var multiplyAdds: [Int] = []
        private var sum = 0
        private var interruptsAt: Int?

        init(interruptsAt: Int? = nil) { self.interruptsAt = interruptsAt }

        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            multiplyAdds.append(record.multiplyAdds - (record.steps == 1 ? 0 : sum))
            sum = record.multiplyAdds
            if step == interruptsAt { trainer.interrupt() }
        }
    }

    private static func makeTrainer(
        _ recorder: Recorder = Recorder(), stages: [ProgressiveResizing.Stage] = stages
    ) -> Trainer {
        let model = Sequential {
            Conv2d(2, 4, kernelSize: 3, padding: .same)
            BatchNorm2d(4)
            ReLU()
            GlobalMaxPool2d()
            Flatten()
            Linear(4, 3)
        }
        model.initialize(seed: 5)
        return Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.05, momentum: 0.9), model.parameters),
            seed: 2, callbacks: [ProgressiveResizing(stages), recorder])
    }

    private static func fit(
        _ trainer: Trainer, _ policy: CheckpointPolicy? = nil, from checkpoint: Checkpoint? = nil
    ) throws {
        try trainer.fit(
            data, epochs: 4, batchSize: 8, validation: data.subset([0, 1, 2]), checkpoints: policy,
            resumeFrom: checkpoint)
    }

    @Test(arguments: [(0, 4), (4, 4), (5, 6), (11, 6), (12, 8), (19, 8)]) func imagesHaveTheStagesSize(
        step: Int, size: Int
    ) throws {
        var drawn = Batch()
        try Self.data.fill(&drawn, with: [3, 1, 30], in: DatasetPass())
        let position = TrainingPosition(step: step, totalSteps: 20, stepsPerEpoch: 5)
        let selected = try ProgressiveResizing(Self.stages).select(from: drawn, at: position)
        #expect(selected.input.shape == [3, 2, size, size] && selected.labels == drawn.labels)
        let images = drawn.input.converted(to: .channelsLast).withSpan { span in span.indices.map { Double(span[$0]) } }
        let expected = referenceResize(from: (8, 8), to: (size, size), channels: 2, images)
        let resized = selected.input.withSpan { span in span.indices.map { span[$0] } }
        #expect(relativeError(resized, expected) < 1e-6)
    }

    @Test(arguments: [1, 4, 6, 9, 14]) func imagesAreInterpolatedAsInPyTorch(size: Int) throws {
        var drawn = Batch()
        try TensorDataset(Fixture.resizing.tensor("x")).fill(&drawn, with: [0, 1], in: DatasetPass())
        let position = TrainingPosition(step: 0, totalSteps: 2, stepsPerEpoch: 1)
        let selected = try ProgressiveResizing([(size: size, until: 1)]).select(from: drawn, at: position)
        try expectClose(selected.input, Fixture.resizing.tensor("\(size)"), tolerance: 1e-6, "\(size) pixels")
    }

    /// Products of the convolution, forward and for its weights, and of the linear layer, forward and twice backward.
    @Test func stepsCostAsTheirImages() throws {
        let recorder = Recorder()
        try Self.fit(Self.makeTrainer(recorder))
        let expected = (0..<20).map { step in
            let size = step < 5 ? 4 : step < 12 ? 6 : 8
            return (step % 5 == 4 ? 2 : 8) * (2 * size * size * 4 * 18 + 3 * 12)
        }
        #expect(recorder.multiplyAdds == expected)
    }

    @Test func targetsStay() throws {
        let targets = Tensor.uniform([4, 3], low: 0, high: 1, seed: 3)
        let data = TensorDataset(.uniform([4, 1, 4, 4], low: 0, high: 1, seed: 4), targets: targets)
        var drawn = Batch()
        try data.fill(&drawn, with: [0, 1, 2, 3], in: DatasetPass())
        let position = TrainingPosition(step: 0, totalSteps: 2, stepsPerEpoch: 1)
        let selected = try ProgressiveResizing([(size: 2, until: 1)]).select(from: drawn, at: position)
        #expect(selected.targets == targets && selected.labels.isEmpty)
    }

    /// A proxy judges the small images, too, and layers freeze in the middle of a stage.
    @Test func goesOnBesideAProxyAndFreezing() throws {
        let folder = try TemporaryFolder()
        let policy = CheckpointPolicy(folder["checkpoint.safetensors"])
        func makeTrainer(interruptsAt step: Int? = nil) -> Trainer {
            let (trainer, proxy) = (Self.makeTrainer(Recorder(interruptsAt: step)), Self.makeTrainer())
            proxy.callbacks = []
            trainer.callbacks.insert(ProgressiveFreezing([(layers: 3, at: 0.5)]), at: 1)
            trainer.callbacks.insert(HardExamples(judgedBy: proxy, learnsEvery: 2), at: 1)
            trainer.callbacks.insert(Lookahead(every: 3), at: 0)
            return trainer
        }
        let undisturbed = makeTrainer()
        try Self.fit(undisturbed)
        for step in [3, 5, 10, 11, 12, 14] {
            #expect(throws: TrainingInterrupted.self) { try Self.fit(makeTrainer(interruptsAt: step), policy) }
            let resumed = makeTrainer()
            try Self.fit(resumed, policy, from: Checkpoint(from: policy.path))
            let (own, other) = (resumed.model.state, undisturbed.model.state)
            #expect(own.map { bits($0.tensor) } == other.map { bits($0.tensor) }, "after step \(step)")
            #expect(resumed.history.map(\.multiplyAdds) == undisturbed.history.map(\.multiplyAdds))
        }
    }

    @Test func goesOnToTheSameBits() throws {
        let folder = try TemporaryFolder()
        let policy = CheckpointPolicy(folder["checkpoint.safetensors"])
        let undisturbed = Self.makeTrainer()
        try Self.fit(undisturbed)
        for step in [4, 5, 11, 12, 13] {
            #expect(throws: TrainingInterrupted.self) {
                try Self.fit(Self.makeTrainer(Recorder(interruptsAt: step)), policy)
            }
            let resumed = Self.makeTrainer()
            try Self.fit(resumed, policy, from: Checkpoint(from: policy.path))
            let (own, other) = (resumed.model.state, undisturbed.model.state)
            #expect(own.map { bits($0.tensor) } == other.map { bits($0.tensor) }, "after step \(step)")
        }
        let difference =
            "callbacks ProgressiveResizing(4 px until 0.25, 6 px until 0.6), not ProgressiveResizing(4 px until 0.5)"
        expectFileError(policy.path, "a checkpoint of another training: \(difference)") {
            let other = Self.makeTrainer(stages: [(size: 4, until: 0.5)])
            try Self.fit(other, policy, from: Checkpoint(from: policy.path))
        }
    }
}
