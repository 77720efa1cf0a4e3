/// The extent of a training.
public struct TrainingRun: Sendable, Hashable {
    /// Of the whole training, also those that were finished before a checkpoint.
    public let epochs: Int
    /// As many as an epoch has batches.
    public let stepsPerEpoch: Int
    /// Drawn from the data set: without those that `dropLast` leaves out.
    public let samplesPerEpoch: Int
    /// Samples drawn for a step; for the last of an epoch they may be fewer.
    public let batchSize: Int
    /// Steps done before, where the training goes on from a checkpoint.
    public internal(set) var stepsBefore = 0

    /// Steps done over all epochs, where an epoch went so far.
    func step(of record: EpochRecord) -> Int { record.epoch * stepsPerEpoch + record.steps }
}

/// How well a model does on a data set.
public struct Evaluation: Sendable, Hashable {
    /// The loss, averaged over the samples.
    public let loss: Double
    /// The part of the labels that have the largest output; 0 where there are no labels.
    public let accuracy: Double

    public init(loss: Double, accuracy: Double) {
        (self.loss, self.accuracy) = (loss, accuracy)
    }
}

/// What one training step did.
struct StepResult {
    /// Drawn from the data set.
    var samples: Int
    /// Of those, how many `loss` and `correct` are of.
    let learned: Int
    /// The mean over the samples.
    let loss: Double
    /// A sample with several labels counts as the part of them that is right.
    let correct: Double
    var multiplyAdds: Int
}

/// What an epoch, or as much of it as is done, brought.
public struct EpochRecord: Sendable, Hashable {
    /// From 0.
    public let epoch: Int
    /// Steps taken.
    public internal(set) var steps = 0
    /// Samples drawn from the data set.
    public internal(set) var samples = 0
    /// Samples that the model learned from: all, where no `BatchSelection` chooses.
    public internal(set) var learnedSamples = 0
    /// Of the samples learned from.
    var lossSum = 0.0
    var correct = 0.0
    /// Of all steps, as `Plan.multiplyAdds` counts them.
    public internal(set) var multiplyAdds = 0
    /// The time spent, without the scoring on the validation set.
    public internal(set) var seconds = Duration.zero
    /// At the last step.
    public internal(set) var learningRate: Float = 0
    /// The score on the validation set after the epoch, where there is one.
    public internal(set) var validation: Evaluation?

    init(epoch: Int) { self.epoch = epoch }

    /// The record of an epoch that something else than a `Trainer` ran.
    ///
    /// - Parameters:
    ///   - steps: 0 where nobody counted them.
    ///   - trainLoss: the mean loss over the samples.
    ///   - correct: how many of the samples were predicted right.
    public init(
        epoch: Int, steps: Int = 0, samples: Int, trainLoss: Double, correct: Int, multiplyAdds: Int = 0,
        seconds: Duration, learningRate: Float, validation: Evaluation? = nil
    ) {
        self.init(epoch: epoch)
        add(
            StepResult(
                samples: samples, learned: samples, loss: trainLoss, correct: Double(correct),
                multiplyAdds: multiplyAdds))
        (self.steps, self.seconds, self.learningRate) = (steps, seconds, learningRate)
        self.validation = validation
    }

    mutating func add(_ step: StepResult) {
        steps += 1
        samples += step.samples
        learnedSamples += step.learned
        lossSum += step.loss * Double(step.learned)
        correct += step.correct
        multiplyAdds += step.multiplyAdds
    }

    /// The mean loss of the samples as they were learned from (while the weights changed, with dropout).
    public var trainLoss: Double { learnedSamples == 0 ? .nan : lossSum / Double(learnedSamples) }
    /// The accuracy on the same.
    public var trainAccuracy: Double { learnedSamples == 0 ? 0 : correct / Double(learnedSamples) }
    /// Samples drawn in a second of `seconds`; 0 where no time was taken.
    public var samplesPerSecond: Double {
        let elapsed = seconds / .seconds(1)
        return elapsed > 0 ? Double(samples) / elapsed : 0
    }
}

/// A training that went wrong.
public struct TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is not as it must be.
    public enum Cause: Equatable, Sendable, CustomStringConvertible {
        /// The loss of a step is not finite: "inf" or "nan".
        case loss(String)
        /// The loss has been beyond the limit of the trainer's `ExplosionCriterion` for too long.
        case explosion(loss: Double, limit: Double)
        /// A number of the parameter of this name, or of a callback's tensor, is not finite.
        case parameter(String)

        public var description: String {
            switch self {
            case .loss(let value): "the loss is \(value)"
            case .explosion(let loss, let limit):
                "the loss is \(Float(loss)), an explosion (the limit is \(Float(limit)))"
            case .parameter(let name): "\(name) is no longer finite"
            }
        }
    }

    public let cause: Cause
    /// From 1.
    public let epoch: Int
    /// Over all epochs, from 1.
    public let step: Int
    /// The first parameter group's, as it was in force.
    public let learningRate: Float

    public var description: String {
        "\(cause) at epoch \(epoch), step \(step), learning rate \(learningRate): "
            + "try a lower learning rate, a warm-up or gradient clipping"
    }
}

/// A training that was asked to end before its time (`Trainer.interrupt`).
public struct TrainingInterrupted: Error, Equatable, Sendable, CustomStringConvertible {
    /// Steps done, over all epochs.
    public let step: Int
    /// Epochs finished.
    public let epochs: Int
    /// The checkpoint to go on from; nil where the trainer was given no place for one.
    public let checkpoint: String?

    public var description: String { "interrupted after step \(step) (\(epochs) epochs finished)" }
}
