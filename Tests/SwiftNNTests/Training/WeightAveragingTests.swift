import SwiftNN
import Testing

/// The slow weights follow by the formula; plain Swift computes them from the weights after every step.
@Suite struct WeightAveragingTests {
    /// Six steps in two epochs.
    static let data = TensorDataset(
        .uniform([12, 3], low: -1, high: 1, seed: 1), labels: (0..<12).map { Int32($0 % 2) })

    /// Remembers the weights as each step left them, before the callbacks that come after it.
    private final class Recorder: TrainerCallback {
        var weights: [[Float]] = []
        private let model: Linear
        init(_ model: Linear) { self.model = model }
        func trainingStarted(_ run: TrainingRun, trainer: Trainer) { record() }
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) { self.record() }
        private func record() { weights.append(model.weight.value.scalars) }
    }

    /// Stops the training after a step, or where that was the epoch's last after its scoring.
    private final class Stopper: TrainerCallback {
        private let step: Int
        private let waitsForScore: Bool
        init(after step: Int, waitsForScore: Bool) { (self.step, self.waitsForScore) = (step, waitsForScore) }
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            if step == self.step && !waitsForScore { trainer.stop() }
        }
        func epochFinished(_ record: EpochRecord, trainer: Trainer) {
            if record.steps == step && waitsForScore { trainer.stop() }
        }
    }

    private func train(
        _ callback: any TrainerCallback, stopAfter step: Int = 6, waitsForScore: Bool = false
    ) throws -> (steps: [[Float]], final: [Float]) {
        let model = Linear(3, 2)
        model.initialize(seed: 4)
        let recorder = Recorder(model)
        let trainer = Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.5), model.parameters),
            callbacks: [recorder, callback, Stopper(after: step, waitsForScore: waitsForScore)])
        try trainer.fit(Self.data, epochs: 2, batchSize: 4, validation: Self.data)
        #expect(try trainer.history.last?.validation == trainer.evaluate(Self.data))
        return (recorder.weights, model.weight.value.scalars)
    }

    private func blend(_ slow: [Float], _ fast: [Float], _ part: Float) -> [Float] {
        zip(slow, fast).map { (1 - part) * $0 + part * $1 }
    }

    private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }
    }

    /// What learns nothing keeps its bits while averages come and go.
    @Test(arguments: [true, false]) func weightsThatDoNotLearnStay(looksAhead: Bool) throws {
        let model = Sequential {
            Linear(3, 4)
            Linear(4, 2)
        }
        model.initialize(seed: 4)
        for parameter in model.layers[0].parameters { parameter.requiresGradient = false }
        let before = model.layers[0].parameters.map(\.value)
        let average: any TrainerCallback =
            looksAhead ? Lookahead(every: 1, retention: 0.7) : ExponentialMovingAverage(decay: 0.3)
        let trainer = Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.5), model.layers[1].parameters),
            callbacks: [average])
        try trainer.fit(Self.data, epochs: 4, batchSize: 4)
        #expect(model.layers[0].parameters.map(\.value) == before)
    }

    @Test(arguments: [false, true]) func lookaheadMeetsEverySecondStep(fadesIn: Bool) throws {
        let (steps, final) = try train(Lookahead(every: 2, retention: 0.25, fadesIn: fadesIn))
        var slow = steps[0]
        for step in stride(from: 2, through: 6, by: 2) {
            let progress = Float(step) / 6
            slow = blend(slow, steps[step], 1 - 0.25 * (fadesIn ? progress * progress * progress : 1))
        }
        #expect(isClose(final, slow))
        #expect(!isClose(final, steps[6]))
    }

    @Test func movingAverageReplacesTheWeightsAtTheEnd() throws {
        let (steps, final) = try train(ExponentialMovingAverage(decay: 0.8))
        let expected = steps.dropFirst().reduce(steps[0]) { blend($0, $1, 0.2) }
        #expect(isClose(final, expected))
        #expect(!isClose(final, steps[6]))
    }

    /// What is left of a training that was stopped is what one of so many steps leaves.
    @Test func aStoppedTrainingHasTheSlowWeights() throws {
        let (steps, average) = try train(ExponentialMovingAverage(decay: 0.8), stopAfter: 5)
        #expect(isClose(average, steps.dropFirst().reduce(steps[0]) { blend($0, $1, 0.2) }))
        let (fast, slow) = try train(Lookahead(every: 2, retention: 0.25), stopAfter: 5)
        #expect(isClose(slow, [2, 4].reduce(fast[0]) { blend($0, fast[$1], 0.75) }))
    }

    /// As early stopping does it: after the scoring of the first epoch, whose third step was its last.
    @Test func aTrainingStoppedForItsScoreHasTheSlowWeights() throws {
        let (fast, slow) = try train(Lookahead(every: 2, retention: 0.25), stopAfter: 3, waitsForScore: true)
        #expect(fast.count == 4 && isClose(slow, blend(fast[0], fast[2], 0.75)))
    }
}
