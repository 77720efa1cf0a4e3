/// When a `Trainer` gives a training up whose loss has exploded but is still finite.
///
/// A loss is beyond the limit where it is more than `factor` times both the first step's and what an output of zeros would
/// cost on the same batch: for cross-entropy the logarithm of the number of classes, for squared errors the mean square of
/// the targets. Learning that works comes nowhere near, however high its first learning rates are, and a spike passes before
/// `patience` steps in a row are beyond the limit. Nothing is said of losses for which zeros cost nothing or less.
public struct ExplosionCriterion: Sendable, Hashable {
    /// Of the limit; at least 1.
    public var factor: Double
    /// Steps in a row beyond the limit that end the training; at least 1.
    public var patience: Int

    /// - Parameters:
    ///   - factor: of the limit.
    ///   - patience: steps in a row beyond the limit that end the training. It also ends with fewer where they are its last.
    public init(factor: Double = 100, patience: Int = 10) {
        precondition(factor >= 1 && patience > 0, "ExplosionCriterion: factor >= 1, patience > 0")
        (self.factor, self.patience) = (factor, patience)
    }
}

/// Watches the losses of a training.
final class ExplosionWatch {
    private let criterion: ExplosionCriterion
    private let function: any Loss
    private var zeroOutputs: PlanCache
    /// Of the training's first step, where that is done, per sample.
    private(set) var firstLoss: Double?
    /// How many of the last steps were beyond the limit.
    private var stepsBeyond = 0
    /// The last step's loss where it was beyond the limit, and then what was learned since the one before may be bad.
    private(set) var explosion: TrainingError.Cause?

    /// - Parameter firstLoss: where the training goes on from a checkpoint.
    init(_ criterion: ExplosionCriterion, loss: any Loss, firstLoss: Double?) {
        (self.criterion, self.firstLoss, function) = (criterion, firstLoss, loss)
        zeroOutputs = PlanCache(Identity(), loss, mode: .inference, .float32, seed: 0)
    }

    /// The same where it has lasted too long.
    var lastingExplosion: TrainingError.Cause? { stepsBeyond >= criterion.patience ? explosion : nil }

    /// Takes note of the next step's loss.
    func add(_ batchLoss: Double, of batch: Batch, outputShape: [Int]) throws {
        let loss = function.perSample(batchLoss, of: batch)
        firstLoss = firstLoss ?? loss
        explosion = try explosion(loss) { try costOfZeros(on: batch, outputShape: outputShape) }
        stepsBeyond = explosion == nil ? 0 : stepsBeyond + 1
    }

    /// What a loss per sample says where outputs of zeros would cost `costOfZeros`; nil where it is within the limit.
    func explosion(_ loss: Double, costOfZeros: () throws -> Double) rethrows -> TrainingError.Cause? {
        // The cheap half of the condition comes first: healthy steps cost nothing more.
        guard let firstLoss, loss > criterion.factor * firstLoss else { return nil }
        let ofZeros = try costOfZeros()
        let limit = criterion.factor * max(firstLoss, ofZeros)
        return ofZeros > 0 && loss > limit ? .explosion(loss: loss, limit: limit) : nil
    }

    /// What an output of zeros costs on a batch, per sample.
    func costOfZeros(on batch: Batch, outputShape: [Int]) throws -> Double {
        let cost = try zeroOutputs.plan(for: outputShape).forward(.zeros(outputShape), targetsOf: batch)
        return function.perSample(cost, of: batch)
    }
}
