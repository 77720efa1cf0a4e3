import CKernels

/// Weights that follow the trained ones slowly: all parameters and running statistics of a model. Frozen ones are left as
/// they are, in the model and here.
struct SlowWeights {
    private let parameters: [NamedParameter]
    private var values: [Tensor]

    init(of model: any Layer) {
        parameters = model.namedParameters
        values = parameters.map(\.parameter.value)
    }

    /// The slow weights by the names of the model's.
    var state: [NamedTensor] { zip(parameters, values).map { NamedTensor($0.name, $1) } }

    /// - Throws: `StateError` where the tensors are of another model.
    mutating func load(_ state: [String: Tensor]) throws {
        try parameters.requireFit(state)
        values = parameters.compactMap { state[$0.name]?.contiguous() }
    }

    /// slow ← slow + part · (model − slow)
    mutating func follow(_ part: Float) {
        for (index, parameter) in parameters.lazy.map(\.parameter).enumerated() where !parameter.isFrozen {
            parameter.withValue { fast in
                values[index].withUnsafeMutablePointer { snn_lerp(parameter.count, part, fast, $0) }
            }
        }
    }

    /// model ← slow
    func load() {
        for (parameter, value) in zip(parameters.lazy.map(\.parameter), values) where !parameter.isFrozen {
            value.withUnsafePointer { slow in
                parameter.withValueForWriting { $0.update(from: slow, count: parameter.count) }
            }
        }
    }
}

/// Lookahead (Zhang et al. 2019): every few steps the slow weights go a part of the way to the trained ones, which then
/// start from there. At the end the model has the slow weights.
///
/// With `fadesIn`, `retention` becomes retention · progress³ (Jordan 2024): early in the training the slow weights keep
/// nothing back.
public final class Lookahead: StatefulCallback {
    /// Steps from one meeting of slow and trained weights to the next.
    public let every: Int
    /// The part of their distance that the slow weights stay behind, in 0 ... 1.
    public let retention: Float
    /// Whether `retention` grows from 0 to its value over the training.
    public let fadesIn: Bool
    private var slow: SlowWeights?

    /// - Parameters:
    ///   - every: steps between the meetings of slow and trained weights.
    ///   - retention: the part of their distance that the slow weights stay behind: 1 − α of the paper.
    public init(every: Int = 5, retention: Float = 0.5, fadesIn: Bool = false) {
        precondition(every > 0 && (0...1).contains(retention), "Lookahead: every > 0, retention in 0 ... 1")
        (self.every, self.retention, self.fadesIn) = (every, retention, fadesIn)
    }

    public var state: [NamedTensor] { slow?.state ?? [] }

    public func load(_ state: [String: Tensor]) throws { try slow?.load(state) }

    public func trainingStarted(_ run: TrainingRun, trainer: Trainer) { slow = SlowWeights(of: trainer.model) }

    public func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
        guard step.isMultiple(of: every) else { return }
        let progress = Float(step) / Float(run.epochs * run.stepsPerEpoch)
        slow?.follow(1 - retention * (fadesIn ? progress * progress * progress : 1))
        slow?.load()
    }

    public func lastStepFinished(trainer: Trainer) { slow?.load() }

    public var description: String { "Lookahead(every: \(every), retention: \(retention), fadesIn: \(fadesIn))" }
}

/// The exponential moving average of the weights over the steps (Polyak & Juditsky 1992): average ← decay · average +
/// (1 − decay) · weights. The model trains on with its own weights and takes the average at the end.
public final class ExponentialMovingAverage: StatefulCallback {
    /// The part of the average, which starts as the weights do, that is kept at each step; in 0 ..< 1.
    public let decay: Float
    private var average: SlowWeights?

    public init(decay: Float = 0.999) {
        precondition((0..<1).contains(decay), "ExponentialMovingAverage: decay in 0 ..< 1")
        self.decay = decay
    }

    public var state: [NamedTensor] { average?.state ?? [] }

    public func load(_ state: [String: Tensor]) throws { try average?.load(state) }

    public func trainingStarted(_ run: TrainingRun, trainer: Trainer) { average = SlowWeights(of: trainer.model) }

    public func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
        average?.follow(1 - decay)
    }

    public func lastStepFinished(trainer: Trainer) { average?.load() }

    public var description: String { "ExponentialMovingAverage(decay: \(decay))" }
}
