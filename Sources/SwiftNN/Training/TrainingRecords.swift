/// The extent of a training.
public struct TrainingRun: Sendable, Hashable {
    public let epochs: Int
    public let stepsPerEpoch: Int
    public let samplesPerEpoch: Int
    public let batchSize: Int
}

/// How well a model does on a data set.
public struct Evaluation: Sendable, Hashable {
    /// The loss, averaged over the samples.
    public let loss: Double
    /// The part of the samples whose label has the largest output; 0 where there are no labels.
    public let accuracy: Double

    public init(loss: Double, accuracy: Double) {
        (self.loss, self.accuracy) = (loss, accuracy)
    }
}

/// What one training step did.
struct StepResult {
    let samples: Int
    let loss: Double
    let correct: Int
    let multiplyAdds: Int
}

/// What an epoch, or as much of it as is done, brought.
public struct EpochRecord: Sendable, Hashable {
    /// From 0.
    public let epoch: Int
    /// Samples trained on.
    public private(set) var samples = 0
    private var lossSum = 0.0
    private var correct = 0
    /// Of all steps, as `Plan.multiplyAdds` counts them.
    public private(set) var multiplyAdds = 0
    /// The time spent, without the scoring on the validation set.
    public internal(set) var seconds = Duration.zero
    /// At the end of the epoch.
    public internal(set) var learningRate: Float = 0
    /// The score on the validation set after the epoch, where there is one.
    public internal(set) var validation: Evaluation?

    init(epoch: Int) { self.epoch = epoch }

    /// The record of an epoch that something else than a `Trainer` ran.
    ///
    /// - Parameters:
    ///   - trainLoss: the mean loss over the samples.
    ///   - correct: how many of the samples were predicted right.
    public init(
        epoch: Int, samples: Int, trainLoss: Double, correct: Int, multiplyAdds: Int = 0, seconds: Duration,
        learningRate: Float,
        validation: Evaluation? = nil
    ) {
        self.init(epoch: epoch)
        add(StepResult(samples: samples, loss: trainLoss, correct: correct, multiplyAdds: multiplyAdds))
        (self.seconds, self.learningRate, self.validation) = (seconds, learningRate, validation)
    }

    mutating func add(_ step: StepResult) {
        samples += step.samples
        lossSum += step.loss * Double(step.samples)
        correct += step.correct
        multiplyAdds += step.multiplyAdds
    }

    /// The mean loss of the batches as they were trained on (while the weights changed, with dropout).
    public var trainLoss: Double { samples == 0 ? .nan : lossSum / Double(samples) }
    /// The accuracy on the same.
    public var trainAccuracy: Double { samples == 0 ? 0 : Double(correct) / Double(samples) }
    public var samplesPerSecond: Double {
        let elapsed = seconds / .seconds(1)
        return elapsed > 0 ? Double(samples) / elapsed : 0
    }
}

/// A training that went wrong.
public struct TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Both from 1.
    public let epoch: Int
    public let step: Int
    public let loss: Double
    public let learningRate: Float

    public var description: String {
        "the loss is \(loss) at epoch \(epoch), step \(step), learning rate \(learningRate): "
            + "try a lower learning rate, a warm-up or gradient clipping"
    }

    public static func == (a: TrainingError, b: TrainingError) -> Bool {
        (a.epoch, a.step, a.learningRate) == (b.epoch, b.step, b.learningRate)
    }
}
