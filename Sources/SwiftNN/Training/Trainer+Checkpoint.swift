extension Trainer {
    /// The training as it stands between two steps.
    ///
    /// - Parameter record: the epoch in progress, as far as it went.
    func checkpoint(_ record: EpochRecord, _ run: TrainingRun, _ policy: CheckpointPolicy) -> Checkpoint {
        Checkpoint(
            path: policy.path, history: history, record: record, firstLoss: explosionWatch?.firstLoss,
            terms: terms(of: run), settings: policy.terms, model: model.state, optimizer: optimizer.state,
            rates: optimizer.baseRates,
            callbacks: statefulCallbacks.map(\.state))
    }

    /// What has an infinity or NaN among its numbers: a parameter, a running statistic, or a tensor of a callback (a proxy's
    /// weight, an average); nil for none.
    func firstNotFinite(in checkpoint: Checkpoint) -> String? {
        if let name = checkpoint.model.firstNotFinite { return name }
        return zip(statefulCallbacks, checkpoint.callbacks).lazy.compactMap { callback, state in
            state.firstNotFinite.map { "\(type(of: callback)), \($0)" }
        }.first
    }

    /// Takes over model and optimizer; nothing is changed where they do not fit.
    ///
    /// - Throws: `FileError` where the checkpoint is of another training.
    func restore(_ checkpoint: Checkpoint, _ run: TrainingRun, _ policy: CheckpointPolicy?) throws {
        if let policy { try checkpoint.require(checkpoint.settings, toBe: policy.terms) }
        try checkpoint.require(checkpoint.terms, toBe: terms(of: run))
        try checkpoint.requirePlace(in: run)
        try checkpoint.explain("the model") { try model.namedParameters.requireFit(checkpoint.model.byName) }
        try checkpoint.explain("the optimizer") { try optimizer.load(checkpoint.optimizer, rates: checkpoint.rates) }
        try checkpoint.explain("the model") { try model.load(checkpoint.model.byName) }
    }

    /// Takes over the state of the callbacks, which have seen `trainingStarted`.
    func restoreCallbacks(_ checkpoint: Checkpoint) throws {
        for (callback, state) in zip(statefulCallbacks, checkpoint.callbacks) {
            try checkpoint.explain("\(type(of: callback))") { try callback.load(state.byName) }
        }
    }

    private var statefulCallbacks: [any StatefulCallback] { callbacks.compactMap { $0 as? any StatefulCallback } }

    private func terms(of run: TrainingRun) -> [Checkpoint.Term] {
        [
            ("seed", "\(seed)"), ("epochs", "\(run.epochs)"), ("batch size", "\(run.batchSize)"),
            ("samples", "\(run.samplesPerEpoch)"), ("optimizer", "\(optimizer)"),
            ("precision", precision.rawValue), ("clipping", clipping.map { "\($0)" } ?? "none"),
            ("callbacks", statefulCallbacks.map(\.description).joined(separator: " and ")),
        ].map(Checkpoint.Term.init)
    }
}

extension CheckpointPolicy {
    fileprivate var terms: [Checkpoint.Term] { settings.map(Checkpoint.Term.init) }
}

extension Checkpoint {
    /// Throws where the finished epochs and the one in progress cannot be those of a run.
    fileprivate func requirePlace(in run: TrainingRun) throws {
        let isPlace =
            record.epoch <= run.epochs && history.allSatisfy { $0.steps == run.stepsPerEpoch }
            && record.steps <= run.stepsPerEpoch
            && record.samples == min(record.steps * run.batchSize, run.samplesPerEpoch)
        guard isPlace else {
            throw FileError(
                path, at: "epoch \(record.epoch + 1), step \(record.steps), sample \(record.samples)",
                "no place among \(run.epochs) epochs of \(run.stepsPerEpoch) steps of \(run.batchSize) samples")
        }
    }

    /// Names the file, and what of the training it does not fit, where `body` throws `StateError`.
    fileprivate func explain(_ what: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as StateError {
            throw FileError(path, at: what, error.description)
        }
    }
}

extension [NamedTensor] {
    fileprivate var firstNotFinite: String? { first { !$0.tensor.isFinite }?.name }

    var byName: [String: Tensor] {
        Dictionary(map { ($0.name, $0.tensor) }) { first, _ in first }
    }
}
