import Foundation
import ReferenceKernels
import SwiftNN
import TestSupport
import Testing

/// A model learns from the samples that a proxy finds hardest; the choice is computed anew here.
@Suite struct HardExamplesTests {
    private static let classes = 3
    /// An epoch of five steps of eight samples, the last of two.
    private static let data = TensorDataset(
        .uniform([34, 5], low: -1, high: 1, seed: 1), labels: (0..<34).map { Int32($0 % classes) })

    private static func makeProxy(seed: UInt64 = 3) -> Trainer {
        let model = Sequential { Linear(5, classes) }
        model.initialize(seed: seed)
        return Trainer(
            model, loss: CrossEntropyLoss(labelSmoothing: 0.1),
            optimizer: Optimizer(SGD(lr: 0.2, momentum: 0.9), model.parameters),
            schedule: OneCycleSchedule(rise: 0.3))
    }

    private static func makeTrainer(_ callbacks: [any TrainerCallback], seed: UInt64 = 4) -> Trainer {
        let model = Sequential {
            Linear(5, 8)
            ReLU()
            Dropout(0.2)
            Linear(8, classes)
        }
        model.initialize(seed: seed)
        return Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(Adam(lr: 0.01), model.parameters), seed: 2,
            callbacks: callbacks)
    }

    private static func batch(of samples: [Int32], _ data: TensorDataset = data) throws -> Batch {
        var batch = Batch()
        try data.fill(&batch, with: samples[...], in: DatasetPass())
        return batch
    }

    private static func position(_ step: Int) -> TrainingPosition {
        TrainingPosition(step: step, totalSteps: 20, stepsPerEpoch: 5)
    }

    /// −log softmax(W x + b)[label] of samples, in Double.
    private static func crossEntropies(of samples: [Int32], _ model: any Layer) -> [Double] {
        let (weight, bias) = (model.parameters[0].value.scalars, model.parameters[1].value.scalars)
        return samples.map { sample in
            let x = (0..<5).map { Double(data.features[Int(sample), $0]) }
            let logits = (0..<classes).map { row in
                x.indices.reduce(Double(bias[row])) { $0 + Double(weight[row * 5 + $1]) * x[$1] }
            }
            let sum = logits.reduce(0) { $0 + Foundation.exp($1) }
            return Foundation.log(sum) - logits[Int(data.labels[Int(sample)])]
        }
    }

    @Test(arguments: [(0.5, 5), (0.25, 2), (0.01, 1), (1, 9)])
    func choosesTheLargestLosses(part: Double, count: Int) throws {
        let samples: [Int32] = [7, 0, 33, 12, 5, 20, 19, 2, 28]
        let proxy = Self.makeProxy()
        let losses = Self.crossEntropies(of: samples, proxy.model)
        let threshold = losses.sorted(by: >)[count - 1]
        let expected = try Self.batch(of: zip(samples, losses).filter { $1 >= threshold }.map(\.0))
        let selection = HardExamples(judgedBy: proxy, part: part)
        let selected = try selection.select(from: Self.batch(of: samples), at: Self.position(1))
        #expect(selected.input == expected.input && selected.labels == expected.labels)
    }

    @Test func imagesStayWhole() throws {
        let images = TensorDataset(.uniform([6, 2, 3, 3], low: 0, high: 1, seed: 2), labels: [0, 1, 0, 1, 0, 1])
        let model = Sequential {
            Flatten()
            Linear(18, 2)
        }
        model.initialize(seed: 1)
        let proxy = Trainer(model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.1), model.parameters))
        let drawn = try Self.batch(of: [0, 1, 2, 3, 4, 5], images)
        let selected = try HardExamples(judgedBy: proxy).select(from: drawn, at: Self.position(1))
        let chosen = (0..<6).filter { sample in
            let own = images.subset([sample]).features.scalars
            return (0..<3).contains { Array(selected.input.scalars[($0 * 18)..<($0 * 18 + 18)]) == own }
        }
        #expect(chosen.count == 3 && selected.input == images.subset(chosen).features)
    }

    @Test func theProxyLearnsFromWhatItChose() throws {
        let (proxy, other) = (Self.makeProxy(), Self.makeProxy())
        let selection = HardExamples(judgedBy: proxy, learnsEvery: 3)
        let drawn = try Self.batch(of: Array(0..<16))
        let before = proxy.model.state.map { bits($0.tensor) }
        for step in [1, 2, 4] { _ = try selection.select(from: drawn, at: Self.position(step)) }
        #expect(proxy.model.state.map { bits($0.tensor) } == before)
        #expect(selection.multiplyAdds == 16 * 5 * Self.classes)

        let selected = try selection.select(from: drawn, at: Self.position(0))
        #expect(selection.multiplyAdds == (16 + 2 * 8) * 5 * Self.classes)
        other.callbacks = [Stopper()]
        try other.fit(TensorDataset(selected.input, labels: selected.labels), epochs: 20, batchSize: 8)
        for (own, expected) in zip(proxy.model.state, other.model.state) {
            expectClose(own.tensor, expected.tensor, tolerance: 1e-6, own.name)
        }
    }

    /// Ends a training after its first step.
    private final class Stopper: TrainerCallback {
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) { trainer.stop() }
    }

    @Test func theModelLearnsFromTheChosenOnly() throws {
        let selection = HardExamples(judgedBy: Self.makeProxy(), part: 0.5, learnsEvery: 2)
        let trainer = Self.makeTrainer([selection])
        let record = try #require(try trainer.fit(Self.data, epochs: 1, batchSize: 8).first)
        let counts = [record.steps, record.samples, record.learnedSamples]
        #expect(counts == [5, 34, 17] as [Int])
        // The proxy scores all and learns at three of five steps; the model's first layer needs no gradient of its input.
        let proxy = (34 + 2 * (4 + 4 + 1)) * 5 * Self.classes
        #expect(record.multiplyAdds == proxy + 17 * (2 * 5 * 8 + 3 * 8 * Self.classes))
    }

    @Test func goesOnToTheSameBits() throws {
        let folder = try TemporaryFolder()
        let policy = CheckpointPolicy(folder["checkpoint.safetensors"])
        func makeTrainer(
            part: Double = 0.5, proxySeed: UInt64 = 3, seed: UInt64 = 4, interruptedAt step: Int? = nil
        ) -> (trainer: Trainer, proxy: Trainer) {
            let proxy = Self.makeProxy(seed: proxySeed)
            let selection = HardExamples(judgedBy: proxy, part: part, learnsEvery: 3)
            return (Self.makeTrainer([selection] + (step.map { [Interrupter(step: $0)] } ?? []), seed: seed), proxy)
        }
        func fit(_ trainer: Trainer, from checkpoint: Checkpoint? = nil) throws {
            try trainer.fit(Self.data, epochs: 3, batchSize: 8, checkpoints: policy, resumeFrom: checkpoint)
        }
        let undisturbed = makeTrainer()
        try fit(undisturbed.trainer)
        for step in 1...15 {
            #expect(throws: TrainingInterrupted.self) { try fit(makeTrainer(interruptedAt: step).trainer) }
            let resumed = makeTrainer(proxySeed: 8, seed: 9)
            try fit(resumed.trainer, from: Checkpoint(from: policy.path))
            for (own, other) in [(resumed.trainer, undisturbed.trainer), (resumed.proxy, undisturbed.proxy)] {
                #expect(own.model.state.map { bits($0.tensor) } == other.model.state.map { bits($0.tensor) })
            }
            let (own, other) = (resumed.trainer.history, undisturbed.trainer.history)
            #expect(own.map(\.trainLoss) == other.map(\.trainLoss), "after step \(step)")
            #expect(own.map(\.trainAccuracy) == other.map(\.trainAccuracy))
            #expect(own.map(\.multiplyAdds) == other.map(\.multiplyAdds))
        }
        let proxy = "proxy: \(undisturbed.proxy.optimizer), float32)"
        let difference =
            "callbacks HardExamples(part: 0.5, learnsEvery: 3, \(proxy), not "
            + "HardExamples(part: 0.25, learnsEvery: 3, \(proxy)"
        expectFileError(policy.path, "a checkpoint of another training: \(difference)") {
            try fit(makeTrainer(part: 0.25).trainer, from: Checkpoint(from: policy.path))
        }
    }

    private final class Interrupter: TrainerCallback {
        let step: Int
        init(step: Int) { self.step = step }
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            if step == self.step { trainer.interrupt() }
        }
    }

    /// A proxy that breaks is noticed before a checkpoint is written from which nothing could go on.
    @Test func aBrokenProxyIsNotSaved() throws {
        let folder = try TemporaryFolder()
        let policy = CheckpointPolicy(folder["checkpoint.safetensors"], every: 2)
        let model = Sequential { Linear(5, Self.classes) }
        model.initialize(seed: 3)
        let proxy = Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(Breaking(breaksAt: 2), model.parameters))
        let error = #expect(throws: TrainingError.self) {
            let trainer = Self.makeTrainer([HardExamples(judgedBy: proxy, learnsEvery: 3)])
            try trainer.fit(Self.data, epochs: 3, batchSize: 8, checkpoints: policy)
        }
        // It learns at the steps 1, 4, 7; a checkpoint is due after every second.
        #expect(error?.cause == .parameter("HardExamples, model.0.weight") && error?.step == 4)
        #expect(try Checkpoint(from: policy.path).step == 2)
    }

    @Test func aLabelBeyondTheClassesIsRefused() throws {
        var drawn = try Self.batch(of: [0, 1, 2])
        drawn.setLabels(count: 3) { $0[1] = 7 }
        let selection = HardExamples(judgedBy: Self.makeProxy())
        #expect(throws: LabelError(label: 7, row: 1, classes: Self.classes)) {
            try selection.select(from: drawn, at: Self.position(0))
        }
    }
}
