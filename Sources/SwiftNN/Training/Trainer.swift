/// Trains a model on a data set, epoch by epoch.
///
/// ```swift
/// let trainer = Trainer(model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.1), model.parameters))
/// let history = try trainer.fit(train, epochs: 5, batchSize: 64, validation: test)
/// ```
public final class Trainer {
    /// Only those of its parameters learn that the optimizer was given.
    public let model: any Layer
    public let loss: any Loss
    /// Its `rateFactor` is set by the schedule before every step.
    public let optimizer: Optimizer
    /// The factor on the optimizer's learning rates, over all steps of a `fit`.
    public let schedule: any Schedule
    /// Of the gradients of the optimizer's parameters, between the backward pass and the step; nil for none.
    public let clipping: GradientClipping?
    /// Of the order of the samples, of their augmentation and of dropout. The model's weights have their own
    /// (`Layer.initialize`).
    public let seed: UInt64
    /// Of training and of scoring.
    public let precision: Precision
    /// Called in this order. Those that are `BatchSelection`s choose one after the other.
    public var callbacks: [any TrainerCallback]
    /// When `fit` gives up because of a loss that has exploded; nil to train on until it is no longer finite.
    public var explosion: ExplosionCriterion? = ExplosionCriterion()
    private(set) var explosionWatch: ExplosionWatch?
    /// The last checkpoint that was due. It is written when the next step's loss has shown that its weights are good.
    private var dueCheckpoint: Checkpoint?
    private var trainingPlans: PlanCache
    private var inferencePlans: PlanCache
    /// The epochs that `fit` has finished, also before the checkpoint that it went on from.
    public private(set) var history: [EpochRecord] = []
    /// The loss of the last step that was trained; NaN before the first.
    public private(set) var lastLoss = Double.nan
    private var isStopped = false
    private var isInterrupted = false
    /// Whether the callbacks know that no step follows.
    private var isLastStepFinished = false

    public init(
        _ model: any Layer, loss: any Loss, optimizer: Optimizer, schedule: any Schedule = ConstantSchedule(),
        clipping: GradientClipping? = nil, precision: Precision = .float32, seed: UInt64 = 0,
        callbacks: [any TrainerCallback] = []
    ) {
        (self.model, self.loss, self.optimizer, self.schedule) = (model, loss, optimizer, schedule)
        (self.clipping, self.precision, self.seed, self.callbacks) = (clipping, precision, seed, callbacks)
        let memory = PlanMemory()
        trainingPlans = PlanCache(
            model, loss, mode: .training, precision, seed: RandomStream.derivedSeed(from: seed, index: 1), memory)
        inferencePlans = PlanCache(model, loss, mode: .inference, precision, seed: 0, memory)
    }

    /// Lets the training end after the current step as if all were done; for callbacks. Where one stops it when an epoch is
    /// finished, and others then give the model other weights, as `Lookahead` does, the model is scored once more, and
    /// `history` has that score.
    public func stop() { isStopped = true }

    /// Lets `fit` break off after the current step, to go on another time: it writes a checkpoint where it has a policy for
    /// them, and throws `TrainingInterrupted`; for callbacks. Where the loss has just exploded it throws `TrainingError`, and
    /// the checkpoint from before stays.
    public func interrupt() { isInterrupted = true }

    /// Builds the plans for training anew at the next step; for callbacks that change what plans read when they are built,
    /// as `Parameter.requiresGradient`.
    public func rebuildPlans() { trainingPlans.removeAll() }

    /// Trains.
    ///
    /// - Parameters:
    ///   - validation: what the model is scored on after every epoch; it learns nothing from it.
    ///   - dropLast: leaves out the last samples of an epoch where they do not fill a batch.
    ///   - policy: where and when checkpoints are written.
    ///   - checkpoint: where to go on. Everything else must be as it was when the checkpoint was written; the result is
    ///     then, to the bit, that of a training without a break.
    /// - Returns: a record for every epoch.
    /// - Throws: `ShapeError` or `LabelError` where model and data do not fit, `FileError` where the checkpoint is of
    ///   another training or one cannot be written, `TrainingError` where the loss is not finite or has exploded (the
    ///   weights are then those before the step that failed; running statistics have seen its batch) or a weight is not finite, `TrainingInterrupted` after
    ///   `interrupt`, and what the data set and the callbacks throw. No checkpoint is written of weights that a loss or
    ///   a number among them shows to be bad.
    @discardableResult
    public func fit(
        _ data: any Dataset, epochs: Int, batchSize: Int, validation: (any Dataset)? = nil, dropLast: Bool = false,
        checkpoints policy: CheckpointPolicy? = nil, resumeFrom checkpoint: Checkpoint? = nil
    ) throws -> [EpochRecord] {
        let loader = BatchLoader(data, batchSize: batchSize, shuffle: seed, dropLast: dropLast)
        var run = TrainingRun(
            epochs: epochs, stepsPerEpoch: loader.batchCount, samplesPerEpoch: loader.samplesPerEpoch,
            batchSize: batchSize)
        if let checkpoint {
            try restore(checkpoint, run, policy)
            run.stepsBefore = checkpoint.step
        }
        (isStopped, isInterrupted, isLastStepFinished) = (false, false, false)
        explosionWatch = explosion.map { ExplosionWatch($0, loss: loss, firstLoss: checkpoint?.firstLoss) }
        dueCheckpoint = nil
        history = checkpoint?.history ?? []
        defer {
            for callback in callbacks { callback.trainingEnded(trainer: self) }
        }
        for callback in callbacks { try callback.trainingStarted(run, trainer: self) }
        if let checkpoint { try restoreCallbacks(checkpoint) }
        var next = checkpoint?.record ?? EpochRecord(epoch: 0)
        while next.epoch < epochs && !isStopped {
            var record = try trainEpoch(next, run, loader, policy)
            if let validation { record.validation = try score(record, run, on: validation) }
            history.append(record)
            for callback in callbacks { try callback.epochFinished(record, trainer: self) }
            if isStopped && !isLastStepFinished {
                try finishLastStep(record, run)
                if let validation { history[history.count - 1].validation = try score(record, run, on: validation) }
            }
            next = EpochRecord(epoch: record.epoch + 1)
            if isInterrupted && !isStopped { try breakOff(next, run, policy) }
        }
        for callback in callbacks { try callback.trainingFinished(history, trainer: self) }
        return history
    }

    /// Trains the rest of an epoch that went as far as `begun`.
    private func trainEpoch(
        _ begun: EpochRecord, _ run: TrainingRun, _ loader: BatchLoader, _ policy: CheckpointPolicy?
    ) throws -> EpochRecord {
        let clock = ContinuousClock()
        let start = clock.now - begun.seconds
        var record = begun
        loader.start(epoch: record.epoch, at: record.steps)
        while !isStopped, let batch = try loader.next() {
            let position = TrainingPosition(
                step: run.step(of: record), totalSteps: run.epochs * run.stepsPerEpoch,
                stepsPerEpoch: run.stepsPerEpoch)
            record.add(try trainStep(drawn: batch, at: position))
            record.seconds = clock.now - start
            record.learningRate = optimizer.learningRate
            let step = run.step(of: record)
            for callback in callbacks { try callback.stepFinished(record, step: step, run, trainer: self) }
            if isInterrupted { try breakOff(record, run, policy) }
            if let policy, policy.isDue(at: step) { dueCheckpoint = try soundCheckpoint(record, run, policy) }
        }
        try requireFiniteWeights(record, run)
        if isStopped || record.epoch + 1 == run.epochs { try finishLastStep(record, run) }
        return record
    }

    private func finishLastStep(_ record: EpochRecord, _ run: TrainingRun) throws {
        try requireNoExplosion(record, run)
        for callback in callbacks { try callback.lastStepFinished(trainer: self) }
        isLastStepFinished = true
    }

    /// Scores the model after an epoch. After the last step no further loss would show that it was one too far: the score
    /// has to.
    private func score(_ record: EpochRecord, _ run: TrainingRun, on validation: any Dataset) throws -> Evaluation {
        let score = try evaluate(validation)
        guard isLastStepFinished, validation.count > 0 else { return score }
        let step = run.step(of: record)
        guard score.loss.isFinite else { throw failure(.loss("\(score.loss)"), epoch: record.epoch, step: step) }
        if let cause = try explosionWatch?.explosion(score.loss, costOfZeros: { try costOfZeros(on: validation) }) {
            throw failure(cause, epoch: record.epoch, step: step)
        }
        return score
    }

    /// The loss that outputs of zeros would have on a data set.
    private func costOfZeros(on data: any Dataset) throws -> Double {
        var sum = 0.0
        let loader = BatchLoader(data, batchSize: 500)
        loader.start(epoch: 0)
        while let batch = try loader.next(), let watch = explosionWatch {
            let cost = try watch.costOfZeros(on: batch, outputShape: try inferencePlan(for: batch).outputShape)
            sum += cost * Double(batch.count)
        }
        return sum / Double(max(data.count, 1))
    }

    /// Learns from what the callbacks choose of a batch.
    private func trainStep(drawn: Batch, at position: TrainingPosition) throws -> StepResult {
        var (batch, multiplyAdds) = (drawn, 0)
        for case let selection as any BatchSelection in callbacks {
            batch = try selection.select(from: batch, at: position)
            multiplyAdds += selection.multiplyAdds
        }
        var result = try learn(from: batch, at: position)
        result.samples = drawn.count
        result.multiplyAdds += multiplyAdds
        return result
    }

    /// Takes a step.
    func learn(from batch: Batch, at position: TrainingPosition) throws -> StepResult {
        optimizer.rateFactor = schedule.factor(at: position)
        optimizer.clearGradients()
        let plan = try trainingPlans.plan(for: batch.input.shape)
        trainingPlans.removeOutgrown()
        inferencePlans.removeOutgrown()
        plan.step = position.step
        let loss = try plan.forward(batch)
        guard loss.isFinite else { throw failure(.loss("\(loss)"), epoch: position.epoch, step: position.step + 1) }
        lastLoss = loss
        try explosionWatch?.add(loss, of: batch, outputShape: plan.outputShape)
        if let cause = explosionWatch?.lastingExplosion {
            throw failure(cause, epoch: position.epoch, step: position.step + 1)
        }
        try writeDueCheckpoint()
        plan.backward()
        clipping?.apply(to: optimizer.parameters)
        optimizer.step()
        return StepResult(plan, self.loss, loss, of: batch)
    }

    private func breakOff(_ record: EpochRecord, _ run: TrainingRun, _ policy: CheckpointPolicy?) throws -> Never {
        try requireNoExplosion(record, run)
        if let policy { try soundCheckpoint(record, run, policy).write() }
        throw TrainingInterrupted(step: run.step(of: record), epochs: history.count, checkpoint: policy?.path)
    }

    private func soundCheckpoint(
        _ record: EpochRecord, _ run: TrainingRun, _ policy: CheckpointPolicy
    ) throws -> Checkpoint {
        let checkpoint = checkpoint(record, run, policy)
        if let broken = firstNotFinite(in: checkpoint) {
            throw failure(.parameter(broken), epoch: record.epoch, step: run.step(of: record))
        }
        return checkpoint
    }

    /// Writes the checkpoint that is due, unless what has gone wrong would take the place of what was good.
    private func writeDueCheckpoint() throws {
        guard let checkpoint = dueCheckpoint.take(), explosionWatch?.explosion == nil else { return }
        try checkpoint.write()
    }

    private func requireNoExplosion(_ record: EpochRecord, _ run: TrainingRun) throws {
        guard let cause = explosionWatch?.explosion else { return }
        throw failure(cause, epoch: record.epoch, step: run.step(of: record))
    }

    private func requireFiniteWeights(_ record: EpochRecord, _ run: TrainingRun) throws {
        let learned = model.namedParameters.lazy.filter(\.parameter.requiresGradient)
        guard let broken = learned.first(where: { !$0.parameter.value.isFinite }) else { return }
        throw failure(.parameter(broken.name), epoch: record.epoch, step: run.step(of: record))
    }

    /// - Parameter epoch: from 0.
    private func failure(_ cause: TrainingError.Cause, epoch: Int, step: Int) -> TrainingError {
        TrainingError(cause: cause, epoch: epoch + 1, step: step, learningRate: optimizer.learningRate)
    }

    /// Scores the model on a data set, in inference mode.
    ///
    /// - Parameter batchSize: how many samples are computed together; it changes the speed only.
    /// - Throws: `ShapeError` or `LabelError` where model and data do not fit, and what the data set throws.
    public func evaluate(_ data: any Dataset, batchSize: Int = 500) throws -> Evaluation {
        var record = EpochRecord(epoch: 0)
        let loader = BatchLoader(data, batchSize: batchSize)
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            let plan = try inferencePlan(for: batch)
            record.add(StepResult(plan, loss, try plan.forward(batch), of: batch))
        }
        return Evaluation(loss: record.trainLoss, accuracy: record.trainAccuracy)
    }

    func inferencePlan(for batch: Batch) throws -> Plan { try inferencePlans.plan(for: batch.input.shape) }
}

extension StepResult {
    /// What a plan did in its last pass, over a batch whose loss was `value`.
    fileprivate init(_ plan: Plan, _ loss: any Loss, _ value: Double, of batch: Batch) {
        let samples = batch.count
        self.init(
            samples: samples, learned: samples, loss: loss.perSample(value, of: batch),
            correct: Double(plan.correctCount * samples) / Double(max(plan.labelCount, 1)),
            multiplyAdds: plan.multiplyAdds)
    }
}

/// A plan for each of the last shapes of inputs: mostly a full batch and an epoch's last one. They share their memory.
struct PlanCache {
    private let model: any Layer
    private let loss: (any Loss)?
    private let mode: Plan.Mode
    private let precision: Precision
    private let seed: UInt64
    private let memory: PlanMemory
    private var plans: [(shape: [Int], plan: Plan, generation: Int)] = []
    /// Each has packed weights of its own.
    private static let largestCount = 8

    init(
        _ model: any Layer, _ loss: (any Loss)?, mode: Plan.Mode, _ precision: Precision, seed: UInt64,
        _ memory: PlanMemory = PlanMemory()
    ) {
        (self.model, self.loss, self.mode, self.precision, self.seed) = (model, loss, mode, precision, seed)
        self.memory = memory
    }

    mutating func removeAll() { plans = [] }

    /// Removes plans that hold memory of their own, for a larger one has been built since (larger images, say).
    mutating func removeOutgrown() {
        let generation = memory.generation
        plans.removeAll { $0.generation < generation }
    }

    mutating func plan(for shape: [Int]) throws -> Plan {
        if let index = plans.firstIndex(where: { $0.shape == shape }) {
            // The last ones used stand last.
            if index != plans.count - 1 { plans.append(plans.remove(at: index)) }
            return plans[plans.count - 1].plan
        }
        let plan = try Plan(
            model, inputShape: shape, mode: mode, loss: loss, precision: precision, seed: seed, memory: memory)
        plans = plans.suffix(Self.largestCount - 1) + [(shape, plan, memory.generation)]
        return plan
    }
}

extension Plan {
    /// Runs the model and its loss on a batch; returns the loss.
    ///
    /// - Throws: `ShapeError` or `LabelError` where the batch does not fit the plan.
    public func forward(_ batch: Batch) throws -> Double { try forward(batch.input, targetsOf: batch) }

    /// The same with another input. Labels stand for probabilities where the batch has none.
    func forward(_ input: Tensor, targetsOf batch: Batch) throws -> Double {
        switch (targetKind, batch.targets) {
        case (.labels, _), (.probabilities, nil): return try forward(input, labels: batch.labels)
        case (.probabilities, let targets?), (.values, let targets?): return try forward(input, targets: targets)
        case (.values, nil): throw ShapeError(layer: "Plan targets", expected: "a batch with targets", got: [])
        }
    }
}
