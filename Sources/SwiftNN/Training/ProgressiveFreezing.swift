/// Lets the first layers of a `Sequential` stop learning in the course of a training (FreezeOut, Brock et al. 2017): they
/// learn general features early, and most of what they cost is their backward pass, which is then left out.
///
/// ```swift
/// // Half-way through, the first 5 layers stop learning, and after three quarters the first 10.
/// trainer.callbacks.append(ProgressiveFreezing([(layers: 5, at: 0.5), (layers: 10, at: 0.75)]))
/// ```
///
/// Frozen parameters have no gradients, and nothing computes one for what is below them. Frozen batch norms use their running
/// statistics, and leave them: the frozen layers are then one fixed function, the same in training as in the scoring, and
/// what their next layers see no longer depends on the rest of the batch. Dropout goes on. Unlike in FreezeOut, the learning
/// rate of a layer does not fall to 0 before.
///
/// When the training ends every parameter learns again that did before. Callbacks that average weights leave frozen ones
/// as they are.
public final class ProgressiveFreezing: StatefulCallback {
    /// From `at`, a part of all steps of the training, the first `layers` layers are frozen.
    public typealias Stage = (layers: Int, at: Double)

    public let stages: [Stage]
    private var model: Sequential?
    private var frozenLayers = 0

    /// - Parameter stages: in any order. The trainer's model must be a `Sequential` of more layers than any of them
    ///   freezes.
    public init(_ stages: [Stage]) {
        precondition(
            stages.allSatisfy { $0.layers > 0 && (0...1).contains($0.at) },
            "ProgressiveFreezing: layers > 0, at in 0 ... 1")
        self.stages = stages
    }

    public func trainingStarted(_ run: TrainingRun, trainer: Trainer) {
        guard let model = trainer.model as? Sequential, stages.allSatisfy({ $0.layers < model.layers.count }) else {
            preconditionFailure("ProgressiveFreezing: the model must be a Sequential of more layers than are frozen")
        }
        self.model = model
        freeze(at: run.stepsBefore, of: run, trainer)
    }

    public func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
        freeze(at: step, of: run, trainer)
    }

    public func trainingEnded(trainer: Trainer) {
        setFrozen(0, trainer)
        model = nil
    }

    /// Freezes what is to be frozen when so many steps are done.
    private func freeze(at step: Int, of run: TrainingRun, _ trainer: Trainer) {
        let total = Double(run.epochs * run.stepsPerEpoch)
        let due = stages.filter { Double(step) >= ($0.at * total).rounded() }
        setFrozen(due.map(\.layers).max() ?? 0, trainer)
    }

    private func setFrozen(_ layers: Int, _ trainer: Trainer) {
        guard let model, layers != frozenLayers else { return }
        frozenLayers = layers
        for (index, layer) in model.layers.enumerated() {
            for named in layer.namedParameters { named.parameter.isFrozen = index < layers }
        }
        trainer.rebuildPlans()
    }

    // MARK: State

    /// None: what is frozen follows from the stages and the step.
    public var state: [NamedTensor] { [] }

    public func load(_ state: [String: Tensor]) {}

    public var description: String {
        "ProgressiveFreezing(\(stages.map { "\($0.layers) layers at \($0.at)" }.joined(separator: ", ")))"
    }
}
