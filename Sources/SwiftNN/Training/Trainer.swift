/// Trains a model on a data set, epoch by epoch.
///
/// ```swift
/// let trainer = Trainer(model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.1), model.parameters))
/// let history = try trainer.fit(train, epochs: 5, batchSize: 64, validation: test)
/// ```
public final class Trainer {
    public let model: any Layer
    public let loss: any Loss
    public let optimizer: Optimizer
    public let schedule: any Schedule
    public let clipping: GradientClipping?
    /// Of the order of the samples and of dropout. The model's weights have their own (`Layer.initialize`).
    public let seed: UInt64
    public var callbacks: [any TrainerCallback]
    private var trainingPlans: PlanCache
    private var inferencePlans: PlanCache
    private var isStopped = false

    public init(
        _ model: any Layer, loss: any Loss, optimizer: Optimizer, schedule: any Schedule = ConstantSchedule(),
        clipping: GradientClipping? = nil, seed: UInt64 = 0, callbacks: [any TrainerCallback] = []
    ) {
        (self.model, self.loss, self.optimizer, self.schedule) = (model, loss, optimizer, schedule)
        (self.clipping, self.seed, self.callbacks) = (clipping, seed, callbacks)
        trainingPlans = PlanCache(model, loss, mode: .training, seed: RandomStream.derivedSeed(from: seed, index: 1))
        inferencePlans = PlanCache(model, loss, mode: .inference, seed: 0)
    }

    /// Lets the training end after the current step; for callbacks.
    public func stop() { isStopped = true }

    /// Trains.
    ///
    /// - Parameters:
    ///   - validation: what the model is scored on after every epoch; it learns nothing from it.
    ///   - dropLast: leaves out the last samples of an epoch where they do not fill a batch.
    /// - Returns: a record for every epoch.
    /// - Throws: `ShapeError` or `LabelError` where model and data do not fit, `TrainingError` where the loss is not finite
    ///   (the weights are then those before the step that failed), and what the data set throws.
    @discardableResult
    public func fit(
        _ data: any Dataset, epochs: Int, batchSize: Int, validation: (any Dataset)? = nil, dropLast: Bool = false
    ) throws -> [EpochRecord] {
        let loader = BatchLoader(data, batchSize: batchSize, shuffle: seed, dropLast: dropLast)
        let run = TrainingRun(
            epochs: epochs, stepsPerEpoch: loader.batchCount, samplesPerEpoch: loader.samplesPerEpoch,
            batchSize: batchSize)
        isStopped = false
        var history: [EpochRecord] = []
        for callback in callbacks { try callback.trainingStarted(run, trainer: self) }
        for epoch in 0..<epochs where !isStopped {
            var record = try trainEpoch(epoch, run, loader)
            if let validation { record.validation = try evaluate(validation) }
            history.append(record)
            for callback in callbacks { try callback.epochFinished(record, trainer: self) }
        }
        for callback in callbacks { try callback.trainingFinished(history, trainer: self) }
        return history
    }

    private func trainEpoch(_ epoch: Int, _ run: TrainingRun, _ loader: BatchLoader) throws -> EpochRecord {
        let clock = ContinuousClock()
        let start = clock.now
        var record = EpochRecord(epoch: epoch)
        loader.start(epoch: epoch)
        var step = epoch * run.stepsPerEpoch
        while !isStopped, let batch = try loader.next() {
            let position = TrainingPosition(
                step: step, totalSteps: run.epochs * run.stepsPerEpoch, stepsPerEpoch: run.stepsPerEpoch)
            let result = try trainStep(batch, at: position)
            step += 1
            record.add(result)
            record.seconds = clock.now - start
            for callback in callbacks { try callback.stepFinished(record, step: step, run, trainer: self) }
        }
        record.learningRate = optimizer.learningRate
        return record
    }

    private func trainStep(_ batch: Batch, at position: TrainingPosition) throws -> StepResult {
        optimizer.rateFactor = schedule.factor(at: position)
        optimizer.clearGradients()
        let plan = try trainingPlans.plan(for: batch.input.shape)
        plan.step = position.step
        let loss = try plan.forward(batch)
        guard loss.isFinite else {
            throw TrainingError(
                epoch: position.epoch + 1, step: position.step + 1, loss: loss, learningRate: optimizer.learningRate)
        }
        plan.backward()
        clipping?.apply(to: optimizer.parameters)
        optimizer.step()
        return StepResult(samples: batch.count, loss: loss, correct: plan.correctCount, multiplyAdds: plan.multiplyAdds)
    }

    /// Scores the model on a data set, in inference mode.
    ///
    /// - Parameter batchSize: how many samples are computed together; it changes the speed only.
    public func evaluate(_ data: any Dataset, batchSize: Int = 500) throws -> Evaluation {
        var record = EpochRecord(epoch: 0)
        let loader = BatchLoader(data, batchSize: batchSize)
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            let plan = try inferencePlans.plan(for: batch.input.shape)
            record.add(
                StepResult(
                    samples: batch.count, loss: try plan.forward(batch), correct: plan.correctCount,
                    multiplyAdds: plan.multiplyAdds))
        }
        return Evaluation(loss: record.trainLoss, accuracy: record.trainAccuracy)
    }
}

/// A plan for every batch size that occurs: mostly a full one and a last one.
struct PlanCache {
    private let model: any Layer
    private let loss: (any Loss)?
    private let mode: Plan.Mode
    private let seed: UInt64
    private var plans: [(shape: [Int], plan: Plan)] = []

    init(_ model: any Layer, _ loss: (any Loss)?, mode: Plan.Mode, seed: UInt64) {
        (self.model, self.loss, self.mode, self.seed) = (model, loss, mode, seed)
    }

    mutating func plan(for shape: [Int]) throws -> Plan {
        if let cached = plans.first(where: { $0.shape == shape }) { return cached.plan }
        let plan = try Plan(model, inputShape: shape, mode: mode, loss: loss, seed: seed)
        plans.append((shape, plan))
        return plan
    }
}

extension Plan {
    /// Runs the model and its loss on a batch; returns the loss.
    public func forward(_ batch: Batch) throws -> Double {
        if let targets = batch.targets { return try forward(batch.input, targets: targets) }
        return try forward(batch.input, labels: batch.labels)
    }
}
