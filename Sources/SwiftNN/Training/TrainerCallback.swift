/// Something that looks on while a `Trainer` works: a progress bar, a log, a check that stops it. What it throws ends the
/// training.
public protocol TrainerCallback: AnyObject {
    /// Before the first step; where the training goes on from a checkpoint, the model and the optimizer have its state.
    func trainingStarted(_ run: TrainingRun, trainer: Trainer) throws
    /// - Parameters:
    ///   - record: the epoch so far.
    ///   - step: how many steps are done, over all epochs.
    func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) throws
    /// Follows the last step's `stepFinished`, or the `epochFinished` in which the training was stopped (`Trainer.stop`),
    /// before the model is scored the last time.
    func lastStepFinished(trainer: Trainer) throws
    /// After the last step of an epoch and the scoring; the record is in `Trainer.history` already.
    func epochFinished(_ record: EpochRecord, trainer: Trainer) throws
    /// After the last epoch, also after `Trainer.stop`; not where the training failed or was interrupted.
    func trainingFinished(_ history: [EpochRecord], trainer: Trainer) throws
    /// The last of all, also where the training failed or was interrupted: what a callback changed for a while can be undone.
    func trainingEnded(trainer: Trainer)
}

extension TrainerCallback {
    public func trainingStarted(_ run: TrainingRun, trainer: Trainer) throws {}
    public func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) throws {}
    public func lastStepFinished(trainer: Trainer) throws {}
    public func epochFinished(_ record: EpochRecord, trainer: Trainer) throws {}
    public func trainingFinished(_ history: [EpochRecord], trainer: Trainer) throws {}
    public func trainingEnded(trainer: Trainer) {}
}

/// A callback that carries numbers from step to step, such as slow weights or the best score so far. Checkpoints keep them.
///
/// Its description names its settings: a training only goes on from a checkpoint with callbacks of the same descriptions.
public protocol StatefulCallback: TrainerCallback, CustomStringConvertible {
    /// What it needs to go on, as it is between two steps.
    var state: [NamedTensor] { get }

    /// Takes over what `state` was when the checkpoint was written; follows `trainingStarted`.
    ///
    /// - Throws: `StateError` where the tensors are not its own.
    func load(_ state: [String: Tensor]) throws
}
