import Foundation
import SwiftNN
import TestSupport
import Testing

/// Losses that grow beyond all measure and stay finite.
@Suite struct ExplosionTests {
    private let folder: TemporaryFolder
    private let losses = LossRecorder()

    init() throws { folder = try TemporaryFolder() }

    /// Every epoch is a step on all samples.
    private static let inputs = Tensor.uniform([48, 5], low: -1, high: 1, seed: 1)
    private static let targets = Tensor.uniform([48, 2], low: -1, high: 1, seed: 2)

    /// Descent with far too high a rate, which triples the error of a linear model at every step, or throws its weights
    /// about as far as clipped gradients let them.
    enum Case: CaseIterable, Sendable {
        case squaredErrors, clippedCrossEntropy

        var data: any Dataset {
            self == .squaredErrors
                ? TensorDataset(inputs, targets: targets)
                : TensorDataset(inputs, labels: (0..<48).map { Int32($0 % 2) })
        }

        /// - Parameter reduction: of squared errors; it does not change what is learned.
        func makeTrainer(_ callback: any TrainerCallback, reduction: Reduction = .mean) -> Trainer {
            let model = Linear(5, 2)
            model.initialize(seed: 3)
            let isClipped = self == .clippedCrossEntropy
            let terms: Float = reduction == .sum ? 96 : 1
            return Trainer(
                model, loss: isClipped ? CrossEntropyLoss() : MSELoss(reduction: reduction),
                optimizer: Optimizer(SGD(lr: isClipped ? 1e5 : 12 / terms), model.parameters),
                clipping: isClipped ? .norm(1) : nil, callbacks: [callback])
        }

        /// What an output of zeros costs.
        var lossOfZeros: Double {
            self == .squaredErrors
                ? targets.scalars.reduce(0) { $0 + Double($1 * $1) } / Double(targets.count) : log(2)
        }
    }

    private final class LossRecorder: TrainerCallback {
        var values: [Double] = []
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            values.append(trainer.lastLoss)
        }
    }

    private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-5 * abs(b) }

    @Test(arguments: Case.allCases) func stopsAndKeepsTheLastGoodCheckpoint(example: Case) throws {
        let path = try folder.write("of another training", "checkpoint.safetensors")
        let error = #expect(throws: TrainingError.self) {
            try example.makeTrainer(losses).fit(
                example.data, epochs: 100, batchSize: 48, checkpoints: CheckpointPolicy(path, every: 1))
        }
        let expected = 100 * max(try #require(losses.values.first), example.lossOfZeros)
        guard case .explosion(let loss, let limit) = error?.cause else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(isClose(limit, expected) && loss > limit)
        // The tenth loss beyond the limit is that of a step that was not finished.
        #expect(losses.values.suffix(9).allSatisfy { $0 > limit && $0.isFinite })
        let good = losses.values.dropLast(9)
        #expect(good.allSatisfy { $0 <= limit })
        #expect(error?.step == losses.values.count + 1 && error?.epoch == error?.step)
        #expect(error?.description.contains("learning rate") == true)
        // Of the good losses, the first came before any step, and each other one shows that the step before was good.
        if good.count > 1 {
            #expect(try Checkpoint(from: path).step == good.count - 1)
        } else {
            #expect(try contents(of: path) == Array("of another training".utf8))
        }
    }

    @Test func stopsAtTheEndOfAShortTraining() throws {
        let error = #expect(throws: TrainingError.self) {
            try Case.squaredErrors.makeTrainer(losses).fit(Case.squaredErrors.data, epochs: 7, batchSize: 48)
        }
        #expect(error?.step == 7)
    }

    /// The loss of the last step's weights is only seen where the model is scored on something.
    @Test(arguments: [Reduction.mean, .sum]) func theScoreShowsThatTheLastStepWasOneTooFar(reduction: Reduction) throws
    {
        let data = Case.squaredErrors.data
        let nothing = TensorDataset(.zeros([0, 5]), targets: .zeros([0, 2]))
        for validation in [nil, nothing] {
            try Case.squaredErrors.makeTrainer(losses, reduction: reduction).fit(
                data, epochs: 2, batchSize: 48, validation: validation)
        }
        let error = #expect(throws: TrainingError.self) {
            try Case.squaredErrors.makeTrainer(losses, reduction: reduction).fit(
                data, epochs: 2, batchSize: 48, validation: data)
        }
        #expect(error?.step == 2)
    }

    private final class Interrupter: TrainerCallback {
        let step: Int
        init(after step: Int) { self.step = step }
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            if step == self.step { trainer.interrupt() }
        }
    }

    /// The weights that have exploded do not take the place of those before.
    @Test func anInterruptionKeepsTheLastGoodCheckpoint() throws {
        let path = folder["checkpoint.safetensors"]
        let error = #expect(throws: TrainingError.self) {
            try Case.squaredErrors.makeTrainer(Interrupter(after: 7)).fit(
                Case.squaredErrors.data, epochs: 100, batchSize: 48, checkpoints: CheckpointPolicy(path, every: 1))
        }
        #expect(error?.step == 7)
        #expect(try Checkpoint(from: path).step < 7)
    }

    /// A training that goes on is measured by the loss of its first step, not of the first after the break.
    @Test func aTrainingThatGoesOnExplodesAtTheSameStep() throws {
        func fit(_ callback: any TrainerCallback, from checkpoint: Checkpoint? = nil) throws {
            try Case.squaredErrors.makeTrainer(callback).fit(
                Case.squaredErrors.data, epochs: 100, batchSize: 48,
                checkpoints: CheckpointPolicy(folder["checkpoint.safetensors"]), resumeFrom: checkpoint)
        }
        let undisturbed = #expect(throws: TrainingError.self) { try fit(losses) }
        #expect(throws: TrainingInterrupted.self) { try fit(Interrupter(after: 2)) }
        let resumed = #expect(throws: TrainingError.self) {
            try fit(losses, from: Checkpoint(from: folder["checkpoint.safetensors"]))
        }
        #expect(resumed != nil && resumed == undisturbed)
    }

    @Test func canBeSwitchedOffAndChanged() throws {
        let trainer = Case.squaredErrors.makeTrainer(losses)
        trainer.explosion = nil
        try trainer.fit(Case.squaredErrors.data, epochs: 12, batchSize: 48)
        #expect(losses.values[11] > 1e6)

        let impatient = Case.squaredErrors.makeTrainer(LossRecorder())
        impatient.explosion = ExplosionCriterion(factor: 1.5, patience: 1)
        let error = #expect(throws: TrainingError.self) {
            try impatient.fit(Case.squaredErrors.data, epochs: 12, batchSize: 48)
        }
        #expect(error?.step == 2)
    }

    // MARK: Healthy

    /// Sets the weights after some steps, and trains with a rate of nearly nothing.
    private final class Disturbance: TrainerCallback {
        let weights: [Int: Tensor]
        init(_ weights: [Int: Tensor]) { self.weights = weights }
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            if let value = weights[step] { trainer.model.namedParameters[0].parameter.value = value }
        }
    }

    private func fit(_ weights: [Int: Tensor], start: Tensor, targets: Tensor) throws {
        let model = Linear(5, 2, bias: false)
        model.weight.value = start
        let trainer = Trainer(
            model, loss: MSELoss(), optimizer: Optimizer(SGD(lr: 1e-9), model.parameters),
            callbacks: [Disturbance(weights)])
        try trainer.fit(TensorDataset(Self.inputs, targets: targets), epochs: 40, batchSize: 48)
    }

    /// Nine steps beyond the limit are a spike, ten an explosion.
    @Test(arguments: [9, 10]) func aSpikePasses(length: Int) throws {
        let low = Tensor(Array(repeating: 1, count: 10), shape: [2, 5])
        let high = 1e4 * low
        let failure: TrainingError? = {
            do {
                try fit([5: high, 5 + length: low], start: low, targets: Self.targets)
                return nil
            } catch { return error as? TrainingError }
        }()
        #expect(failure?.step == (length == 10 ? 15 : nil))
    }

    /// A trained model starts with a loss of next to nothing, which is no measure of what is healthy.
    @Test func aTrainedModelMayGetWorse() throws {
        let solution = Tensor.uniform([2, 5], low: -1, high: 1, seed: 4)
        let model = Linear(5, 2, bias: false)
        model.weight.value = solution
        let targets = try model(Self.inputs)
        try fit([1: 1.5 * solution], start: solution, targets: targets)
    }
}
