/// A training in its middle: all that `Trainer.fit` needs to go on and end with the very same bits as if it had never been
/// interrupted. The order of the samples, their augmentation and dropout follow from the seed and the place alone.
///
/// ```swift
/// let policy = CheckpointPolicy("run/checkpoint.safetensors", every: 100)
/// try trainer.fit(train, epochs: 5, batchSize: 64, checkpoints: policy)
/// // In another process, with a trainer and data made in the same way:
/// try trainer.fit(
///     train, epochs: 5, batchSize: 64, checkpoints: policy, resumeFrom: Checkpoint(from: policy.path))
/// ```
public struct Checkpoint: Sendable {
    /// The file that it is in.
    public let path: String
    /// The finished epochs.
    public let history: [EpochRecord]
    /// The epoch that was begun, as far as it went; its steps are the place to go on at.
    public let record: EpochRecord
    /// Of the training's first step: what an explosion is measured by.
    let firstLoss: Double?
    /// What the trainer knows that a training which goes on must have in common with this one.
    let terms: [Term]
    /// And what the program said (`CheckpointPolicy.settings`).
    let settings: [Term]
    /// Every parameter and running statistic.
    let model: [NamedTensor]
    /// What the optimizer remembers of each parameter.
    let optimizer: [(numbers: Tensor, step: Int)]
    /// The learning rate of every parameter group.
    let rates: [Float]
    /// The state of every `StatefulCallback`.
    let callbacks: [[NamedTensor]]

    /// Something by which trainings differ: the seed, a setting of the program.
    struct Term: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// Steps done, over all epochs.
    public var step: Int { history.reduce(record.steps) { $0 + $1.steps } }

    /// Throws `FileError` for the first term that differs between the checkpoint's `terms` and those of the training that
    /// would go on.
    func require(_ terms: [Term], toBe expected: [Term]) throws {
        let added = terms.filter { term in !expected.contains { $0.name == term.name } }
        for name in expected.map(\.name) + added.map(\.name) {
            let (here, there) = (terms.value(of: name), expected.value(of: name))
            guard here != there else { continue }
            throw FileError(path, "a checkpoint of another training: \(name) \(here), not \(there)")
        }
    }
}

extension [Checkpoint.Term] {
    fileprivate func value(of name: String) -> String { first { $0.name == name }?.value ?? "none" }
}

/// Where and when a `Trainer` writes checkpoints.
public struct CheckpointPolicy: Sendable {
    /// The file; each checkpoint replaces the one before when it is wholly on the disk.
    public let path: String
    /// Steps between checkpoints; nil writes one only where the training is interrupted.
    public let every: Int?
    /// What a training that goes on must have in common with this one besides what the trainer knows: the data set, the
    /// augmentation, the schedule.
    public let settings: [(name: String, value: String)]

    public init(_ path: String, every: Int? = nil, settings: [(name: String, value: String)] = []) {
        precondition(every ?? 1 > 0, "CheckpointPolicy: every must be positive")
        (self.path, self.every, self.settings) = (path, every, settings)
    }

    func isDue(at step: Int) -> Bool { every.map(step.isMultiple) ?? false }
}
