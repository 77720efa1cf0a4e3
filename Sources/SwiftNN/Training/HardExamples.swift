#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lets a model learn from the hardest samples of every batch only, as judged by a small model that learns beside it (data
/// filtering of Jordan's airbench96_faster, 2024; selection by proxy, Coleman et al. 2020).
///
/// Most samples teach a model little after the first epochs, but cost as much as all others. The proxy, of a small part of
/// the model's cost, scores all samples of a batch by the cross-entropy of their labels, and the model takes its step on
/// those with the largest. From time to time the proxy learns from the same samples.
///
/// ```swift
/// // Batches of 1024 are drawn, and the model learns from 512 of each.
/// let proxy = Trainer(small, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.1), small.parameters))
/// trainer.callbacks.append(HardExamples(judgedBy: proxy, part: 0.5))
/// try trainer.fit(train, epochs: 20, batchSize: 1024)
/// ```
public final class HardExamples: BatchSelection {
    /// The part of a batch that is learned from, above 0 and at most 1; rounded to samples, at least one.
    public let part: Double
    /// The proxy learns at the first step and at every so many after it.
    public let learnsEvery: Int
    /// Only its steps are used: callbacks and checkpoints of its own have no effect.
    public let proxy: Trainer
    public private(set) var multiplyAdds = 0
    private var selected = Batch()

    /// - Parameters:
    ///   - proxy: takes its steps by its own optimizer and schedule, at the same place of the training as the model. The data
    ///     must have labels.
    ///   - part: of a batch that is learned from.
    ///   - learnsEvery: steps of the model between those of the proxy.
    public init(judgedBy proxy: Trainer, part: Double = 0.5, learnsEvery: Int = 4) {
        precondition(part > 0 && part <= 1 && learnsEvery > 0, "HardExamples: part in 0 ... 1, learnsEvery > 0")
        (self.proxy, self.part, self.learnsEvery) = (proxy, part, learnsEvery)
    }

    public func select(from batch: Batch, at position: TrainingPosition) throws -> Batch {
        precondition(batch.targets == nil && !batch.labels.isEmpty, "HardExamples: the samples need labels")
        let plan = try proxy.inferencePlan(for: batch)
        _ = try plan.forward(batch)
        multiplyAdds = plan.multiplyAdds
        selected.gather(hardest(of: plan.labelEntropies(batch.labels)), of: batch)
        if position.step.isMultiple(of: learnsEvery) {
            multiplyAdds += try proxy.learn(from: selected, at: position).multiplyAdds
        }
        return selected
    }

    /// The positions of the largest losses, in ascending order.
    private func hardest(of losses: [Float]) -> [Int32] {
        let count = max(1, Int((part * Double(losses.count)).rounded()))
        let byLoss = losses.indices.sorted { (losses[$1], $0) < (losses[$0], $1) }
        return byLoss.prefix(count).sorted().map(Int32.init)
    }
}

extension Plan {
    /// −log softmax(x)[label] of every row x of the last output.
    fileprivate func labelEntropies(_ labels: [Int32]) -> [Float] {
        withOutput { logits in
            let classes = logits.count / labels.count
            return labels.indices.map { row in
                let columns = row * classes..<(row + 1) * classes
                let largest = columns.reduce(-Float.infinity) { max($0, logits[$1]) }
                let sum = columns.reduce(Float(0)) { $0 + exp(logits[$1] - largest) }
                return log(sum) + largest - logits[columns.lowerBound + Int(labels[row])]
            }
        }
    }
}

extension HardExamples: StatefulCallback {
    private enum Key {
        static let model = "model."
        static let optimizer = "optimizer."
        static let steps = "steps"
        static let rates = "rates"
    }

    /// Model and optimizer of the proxy.
    public var state: [NamedTensor] {
        let (optimizer, rates) = (proxy.optimizer.state, proxy.optimizer.baseRates)
        return proxy.model.state.map { NamedTensor(Key.model + $0.name, $0.tensor) }
            + optimizer.enumerated().map { NamedTensor("\(Key.optimizer)\($0)", $1.numbers) }
            + [
                NamedTensor(Key.steps, Tensor(optimizer.map { Float($0.step) }, shape: [optimizer.count])),
                NamedTensor(Key.rates, Tensor(rates, shape: [rates.count])),
            ]
    }

    public var description: String {
        "HardExamples(part: \(part), learnsEvery: \(learnsEvery), proxy: \(proxy.optimizer), \(proxy.precision.rawValue))"
    }

    public func load(_ state: [String: Tensor]) throws {
        var rest = state
        let model = rest.take(under: Key.model).byName
        let steps = state[Key.steps]?.scalars ?? []
        let optimizer = try steps.enumerated().map { index, step in
            guard let numbers = state["\(Key.optimizer)\(index)"], let step = Int(exactly: step) else {
                throw StateError(description: "no state of parameter \(index) of the proxy")
            }
            return (numbers, step)
        }
        try proxy.model.namedParameters.requireFit(model)
        try proxy.optimizer.load(optimizer, rates: state[Key.rates]?.scalars ?? [])
        try proxy.model.load(model)
    }
}
