import SwiftNN
import TestSupport
import Testing

/// A training that is broken off and gone on with ends with the bits of one that was not.
@Suite struct CheckpointTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Three epochs of six steps, the last of each with two samples.
    static let data = TensorDataset(
        .uniform([22, 5], low: -1, high: 1, seed: 1), labels: (0..<22).map { Int32($0 % 3) })
    static let steps = 18

    private var path: String { folder["checkpoint.safetensors"] }
    private var policy: CheckpointPolicy { CheckpointPolicy(path, settings: [("recipe", "tiny"), ("data", "noise")]) }

    /// Everything that a step may leave behind: running statistics, random numbers, moments, slow weights, rates.
    private struct Training {
        var seed: UInt64 = 7
        var weights: UInt64 = 1
        var hidden = 8
        var rule: any UpdateRule = Adam(lr: 0.05, amsgrad: true)
        var clipping: GradientClipping? = .norm(0.5)
        var precision = Precision.float32
        var callbacks: [any TrainerCallback] = [
            Lookahead(every: 4, retention: 0.6, fadesIn: true), ExponentialMovingAverage(decay: 0.9),
        ]

        func makeTrainer(_ other: (any TrainerCallback)? = nil) -> Trainer {
            let model = Sequential {
                Linear(5, hidden)
                BatchNorm1d(hidden)
                ReLU()
                Dropout(0.3)
                Linear(hidden, 3)
            }
            model.initialize(seed: weights)
            let (first, rest) = (model.parameters.prefix(2), model.parameters.dropFirst(2))
            let optimizer = Optimizer(groups: [
                ParameterGroup(Array(first), rule), ParameterGroup(Array(rest), SGD(lr: 0.1, momentum: 0.9)),
            ])
            return Trainer(
                model, loss: CrossEntropyLoss(), optimizer: optimizer, schedule: OneCycleSchedule(rise: 0.3),
                clipping: clipping, precision: precision, seed: seed, callbacks: callbacks + (other.map { [$0] } ?? []))
        }
    }

    /// What a training leaves, without the time it took.
    private struct Outcome: Equatable {
        let model: [[UInt32]]
        let optimizer: [[UInt32]]
        let steps: [Int]
        let epochs: [[Double]]

        init(_ trainer: Trainer) {
            model = trainer.model.state.map { bits($0.tensor) }
            optimizer = trainer.optimizer.state.map { bits($0.numbers) }
            steps = trainer.optimizer.state.map(\.step)
            epochs = trainer.history.map { record in
                [
                    Double(record.epoch), Double(record.steps), Double(record.samples), record.trainLoss,
                    record.trainAccuracy, Double(record.multiplyAdds), Double(record.learningRate),
                    record.validation?.loss ?? -1, record.validation?.accuracy ?? -1,
                ]
            }
        }
    }

    private func fit(_ trainer: Trainer, _ policy: CheckpointPolicy? = nil, from checkpoint: Checkpoint? = nil) throws {
        let validation = Self.data.subset(Array(0..<9))
        try trainer.fit(
            Self.data, epochs: 3, batchSize: 4, validation: validation, checkpoints: policy, resumeFrom: checkpoint)
    }

    /// Interrupts the training after a step, or after the epoch that the step ends.
    private final class Interrupter: TrainerCallback {
        let step: Int
        let afterEpoch: Bool

        init(step: Int, afterEpoch: Bool = false) { (self.step, self.afterEpoch) = (step, afterEpoch) }

        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            if step == self.step && !afterEpoch { trainer.interrupt() }
        }

        func epochFinished(_ record: EpochRecord, trainer: Trainer) {
            if 6 * (record.epoch + 1) == step && afterEpoch { trainer.interrupt() }
        }
    }

    /// Leaves a checkpoint of that step.
    private func interrupt(_ training: Training = Training(), step: Int, afterEpoch: Bool = false) throws {
        let trainer = training.makeTrainer(Interrupter(step: step, afterEpoch: afterEpoch))
        let interruption = #expect(throws: TrainingInterrupted.self) { try fit(trainer, policy) }
        let epochs = (afterEpoch ? step : step - 1) / 6
        #expect(interruption?.epochs == epochs && interruption?.step == step && interruption?.checkpoint == path)
    }

    // MARK: Going on

    @Test(arguments: Precision.allCases) func goesOnAtEveryStepToTheSameBits(precision: Precision) throws {
        let undisturbed = Training(precision: precision).makeTrainer()
        try fit(undisturbed)
        let expected = Outcome(undisturbed)
        for (step, afterEpoch) in (1...Self.steps).map({ ($0, false) }) + [6, 12, 18].map({ ($0, true) }) {
            try interrupt(Training(precision: precision), step: step, afterEpoch: afterEpoch)
            // All that matters is in the checkpoint, not in the weights that the model starts with.
            let trainer = Training(weights: 99, precision: precision).makeTrainer()
            let checkpoint = try Checkpoint(from: path)
            #expect(checkpoint.step == step)
            try fit(trainer, policy, from: checkpoint)
            #expect(Outcome(trainer) == expected, "after step \(step)\(afterEpoch ? " and its epoch" : "")")
        }
    }

    @Test func writingCheckpointsChangesNothing() throws {
        let (without, with) = (Training().makeTrainer(), Training().makeTrainer())
        try fit(without)
        try fit(with, CheckpointPolicy(path, every: 1))
        #expect(Outcome(with) == Outcome(without))
        #expect(try folder.names == ["checkpoint.safetensors"])
    }

    /// Notes which step the checkpoint is of after every step, as a look at the next step sees it.
    private final class Observer: TrainerCallback {
        let path: String
        var steps: [Int?] = []
        init(_ path: String) { self.path = path }
        func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
            steps.append(try? Checkpoint(from: path).step)
        }
    }

    @Test func writesEverySoManySteps() throws {
        let observer = Observer(path)
        try fit(Training().makeTrainer(observer), CheckpointPolicy(path, every: 5))
        #expect(observer.steps == Array(repeating: nil, count: 5) + (5..<18).map { $0 / 5 * 5 })
    }

    @Test func callbacksSeeEveryStepAndEpochOnce() throws {
        final class Recorder: TrainerCallback {
            var steps: [Int] = [], epochs: [Int] = []
            func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
                steps.append(step)
                #expect(run.stepsPerEpoch * trainer.history.count + record.steps == step)
            }
            func epochFinished(_ record: EpochRecord, trainer: Trainer) { epochs.append(record.epoch) }
        }
        try interrupt(step: 8)
        let recorder = Recorder()
        try fit(Training().makeTrainer(recorder), policy, from: Checkpoint(from: path))
        #expect(recorder.steps == Array(9...18) && recorder.epochs == [1, 2])
    }

    @Test func aTrainingWithoutAPlaceForCheckpointsIsInterruptedToo() throws {
        let error = #expect(throws: TrainingInterrupted.self) {
            try fit(Training().makeTrainer(Interrupter(step: 3)))
        }
        #expect(error?.step == 3 && error?.checkpoint == nil)
    }

    // MARK: Nothing bad is kept

    /// At step 4 a checkpoint is due; step 18 is the last, which no loss comes after.
    @Test(arguments: [(4, 2), (18, 16)]) func brokenWeightsAreNotSaved(step: Int, saved: Int) throws {
        var training = Training(callbacks: [])
        training.rule = Breaking(breaksAt: step)
        let error = #expect(throws: TrainingError.self) {
            try fit(training.makeTrainer(), CheckpointPolicy(path, every: 2))
        }
        #expect(error?.cause == .parameter("0.weight") && error?.step == step && error?.epoch == (step - 1) / 6 + 1)
        #expect(error?.description.contains("0.weight is no longer finite at epoch") == true)
        #expect(try Checkpoint(from: path).step == saved)
    }

    // MARK: Another training

    @Test func aCheckpointOfAnotherTrainingIsRefused() throws {
        try interrupt(step: 8)
        let checkpoint = try Checkpoint(from: path)
        func expectRefusal(
            _ problem: String, _ training: Training = Training(), epochs: Int = 3, batchSize: Int = 4,
            samples: Int = 22,
            settings: [(name: String, value: String)] = [("recipe", "tiny"), ("data", "noise")]
        ) {
            let trainer = training.makeTrainer()
            let before = Outcome(trainer)
            expectFileError(path, problem) {
                try trainer.fit(
                    Self.data.subset(Array(0..<samples)), epochs: epochs, batchSize: batchSize,
                    checkpoints: CheckpointPolicy(path, settings: settings), resumeFrom: checkpoint)
            }
            #expect(Outcome(trainer) == before)
        }
        func other(_ difference: String) -> String { "a checkpoint of another training: \(difference)" }
        expectRefusal(other("seed 7, not 8"), Training(seed: 8))
        expectRefusal(other("epochs 3, not 4"), epochs: 4)
        expectRefusal(other("batch size 4, not 11"), batchSize: 11)
        expectRefusal(other("samples 22, not 21"), samples: 21)
        expectRefusal(other("recipe tiny, not large"), settings: [("recipe", "large"), ("data", "noise")])
        expectRefusal(other("data noise, not none"), settings: [("recipe", "tiny")])
        expectRefusal(
            other("precision none, not float32"),
            settings: [("recipe", "tiny"), ("data", "noise"), ("precision", "float32")])
        let callbacks = "Lookahead(every: 4, retention: 0.6, fadesIn: true) and ExponentialMovingAverage(decay: 0.9)"
        expectRefusal(
            other("callbacks \(callbacks), not Lookahead(every: 5, retention: 0.5, fadesIn: false)"),
            Training(callbacks: [Lookahead()]))
        expectRefusal(other("precision float32, not bfloat16"), Training(precision: .bfloat16))
        expectRefusal(other("clipping norm(0.5), not none"), Training(clipping: nil))
        let own = Training().makeTrainer().optimizer.description
        for rule in [Adam(lr: 0.06, amsgrad: true), Adam(lr: 0.05, epsilon: 1e-7, amsgrad: true)] {
            let optimizer = Training(rule: rule).makeTrainer().optimizer.description
            expectRefusal(other("optimizer \(own), not \(optimizer)"), Training(rule: rule))
        }
        expectRefusal(
            "the model: another model: tensor 0.weight: expected shape [9, 5], got [8, 5]", Training(hidden: 9))
    }

    // MARK: Damaged files

    @Test func cutOffAndOtherFiles() throws {
        try interrupt(step: 8)
        let good = try contents(of: path)
        for count in stride(from: 0, to: good.count, by: 97) {
            let bad = try folder.write(good[..<count], "bad")
            #expect(throws: FileError.self, "\(count) bytes") { _ = try Checkpoint(from: bad) }
        }
        try Linear(1, 1).save(to: folder["model.safetensors"], metadata: ["format": "pt"])
        expectFileError(
            folder["model.safetensors"], "not a checkpoint (format pt, expected SwiftNN checkpoint, version 1)"
        ) { _ = try Checkpoint(from: folder["model.safetensors"]) }
        expectFileError(folder["none"], "no such file") { _ = try Checkpoint(from: folder["none"]) }
    }

    @Test(
        arguments: [
            ("epoch.1.steps", nil, "metadata epoch.1.steps: missing"),
            ("epoch.1.steps", "two", "metadata epoch.1.steps: no number: two"),
            ("epoch.1.correct", "-1", "metadata epoch.1.correct: -1.0 is outside of 0.0...1099511627776.0"),
            ("epoch.0.seconds", "nan", "metadata epoch.0.seconds: nan is outside of 0.0...1000000000000.0"),
            ("epochs", "2", "metadata epoch.2.steps: missing"),
            ("optimizer.steps", "8 8", "tensor optimizer.2: not of a checkpoint"),
            ("optimizer.steps", "8 8 8 8 8 8 8", "has no tensor optimizer.6"),
            ("callbacks", "1", "tensor callback.1.0.bias: not of a checkpoint"),
            ("epoch.1.steps", "1", "epoch 2, step 1, sample 8: no place among 3 epochs of 6 steps of 4 samples"),
            ("epoch.0.steps", "5", "epoch 2, step 2, sample 8: no place among 3 epochs of 6 steps of 4 samples"),
            ("optimizer.rates", "0.1", "the optimizer: expected 2 learning rates, got 1"),
        ] as [(String, String?, String)])
    func wrongTexts(name: String, value: String?, problem: String) throws {
        try interrupt(step: 8)
        var (tensors, texts) = try Safetensors.read(path)
        try #require(texts[name] != nil)
        texts[name] = value
        try Safetensors.write(tensors.map { NamedTensor($0, $1) }, metadata: texts, to: path)
        expectFileError(path, problem) {
            try fit(Training().makeTrainer(), policy, from: Checkpoint(from: path))
        }
    }

    @Test func tensorsThatDoNotFit() throws {
        for (name, problem) in [
            ("model.1.running_mean", "the model: another model: tensor 1.running_mean: expected shape [8], got [1]"),
            ("optimizer.2", "the optimizer: parameter 2: expected shape [1, 8], got [1]"),
            (
                "callback.1.1.bias",
                "ExponentialMovingAverage: another model: tensor 1.bias: expected shape [8], got [1]"
            ),
        ] {
            try interrupt(step: 8)
            var (tensors, texts) = try Safetensors.read(path)
            try #require(tensors[name] != nil)
            tensors[name] = Tensor([1])
            try Safetensors.write(tensors.map { NamedTensor($0, $1) }, metadata: texts, to: path)
            expectFileError(path, problem) {
                try fit(Training().makeTrainer(), policy, from: Checkpoint(from: path))
            }
        }
    }

    @Test func changedBytesCrashNothing() throws {
        try interrupt(step: 8)
        for bytes in damaged(try contents(of: path), count: 300, seed: 5) {
            let bad = try folder.write(bytes, "bad")
            do {
                try fit(Training().makeTrainer(), nil, from: Checkpoint(from: bad))
            } catch let error {
                #expect(error is FileError || error is TrainingError, "\(error)")
            }
        }
    }
}
