/// How an optimizer changes weights: `SGD`, `Adam`, `AdamW`, `RMSProp`, `Muon`, or one of your own.
///
/// A rule is a value with its hyper-parameters; what it remembers between steps (momentum, averages of squares) is kept by
/// the `Optimizer` for each parameter. Its description names every hyper-parameter: by it a training that would go on from
/// a checkpoint is known for the same.
public protocol UpdateRule: Sendable, CustomStringConvertible {
    /// The learning rate.
    var lr: Float { get set }

    /// How many numbers the rule remembers for each weight. They start as 0.
    var slots: Int { get }

    /// Changes the weights of one parameter.
    ///
    /// - Parameters:
    ///   - shape: of the parameter.
    ///   - gradient: as many numbers as weights.
    ///   - state: `slots` times as many: slot s of weight i is number s · weights.count + i.
    ///   - step: 1 at this parameter's first update.
    ///   - gradientScale: what the gradient is to be multiplied with first (clipping).
    func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int,
        gradientScale: Float)
}
