import CKernels

/// Parameters that share an update rule.
public struct ParameterGroup {
    /// A parameter is in one group of an optimizer only.
    public let parameters: [Parameter]
    /// Its learning rate is the base that the optimizer starts from. In `Optimizer.groups` it is the one in force.
    public var rule: any UpdateRule

    public init(_ parameters: [Parameter], _ rule: any UpdateRule) {
        (self.parameters, self.rule) = (parameters, rule)
    }
}

/// Applies update rules to parameters by their gradients.
///
/// ```swift
/// let optimizer = Optimizer(SGD(lr: 0.1, momentum: 0.9), model.parameters)
/// optimizer.clearGradients()
/// _ = try plan.forward(images, labels: labels)
/// plan.backward()
/// optimizer.step()
/// ```
public final class Optimizer: CustomStringConvertible {
    /// The groups with their rules. Their learning rates are those in force: the base, which is the rate as given or as
    /// `learningRate` set it, times `rateFactor`.
    public private(set) var groups: [ParameterGroup]
    /// What every group's learning rate is multiplied with: where a schedule acts.
    public var rateFactor: Float = 1 {
        didSet { applyRates() }
    }
    /// The groups' learning rates without the factor.
    private(set) var baseRates: [Float]
    /// The rules as given, with how many parameters follow each.
    public let description: String
    private var states: [[ParameterState]]

    private struct ParameterState {
        /// [slots, ...shape]
        var numbers: Tensor
        var step = 0
    }

    /// Groups of parameters, each with a rule of its own. A parameter is in one group, once.
    public init(groups: [ParameterGroup]) {
        let all = groups.flatMap(\.parameters).map(ObjectIdentifier.init)
        precondition(Set(all).count == all.count, "Optimizer: a parameter is there twice")
        self.groups = groups
        baseRates = groups.map(\.rule.lr)
        description = groups.map { "\($0.rule) for \($0.parameters.count) parameters" }.joined(separator: ", ")
        states = groups.map { group in
            group.parameters.map { ParameterState(numbers: .zeros([group.rule.slots] + $0.shape)) }
        }
    }

    /// One rule for all parameters.
    public convenience init(_ rule: any UpdateRule, _ parameters: [Parameter]) {
        self.init(groups: [ParameterGroup(parameters, rule)])
    }

    /// The learning rate in force of the first group: its base times `rateFactor`; 0 without groups.
    ///
    /// Setting it sets the base of every group, so that while a schedule acts the number read is not the number set.
    public var learningRate: Float {
        get { groups.first?.rule.lr ?? 0 }
        set {
            for index in baseRates.indices { baseRates[index] = newValue }
            applyRates()
        }
    }

    private func applyRates() {
        for index in groups.indices { groups[index].rule.lr = baseRates[index] * rateFactor }
    }

    /// Every parameter of every group.
    public var parameters: [Parameter] { groups.flatMap(\.parameters) }

    /// Forgets the gradients of all parameters.
    public func clearGradients() {
        for group in groups {
            for parameter in group.parameters { parameter.clearGradient() }
        }
    }

    /// Updates every parameter that has a gradient and is not frozen.
    ///
    /// - Parameter gradientScale: what all gradients are multiplied with first.
    public func step(gradientScale: Float = 1) {
        for groupIndex in groups.indices {
            let parameters = groups[groupIndex].parameters
            for index in parameters.indices where parameters[index].hasGradient && parameters[index].requiresGradient {
                states[groupIndex][index].step += 1
                let step = states[groupIndex][index].step
                parameters[index].update { weights, gradient in
                    states[groupIndex][index].numbers.withMutableSpan { state in
                        groups[groupIndex].rule.update(
                            &weights, shape: parameters[index].shape, gradient: gradient, state: &state, step: step,
                            gradientScale: gradientScale)
                    }
                }
            }
        }
    }
}

// MARK: - State

extension Optimizer {
    /// What the optimizer remembers of each parameter, in the order of `parameters`: [slots, ...shape], and how many steps
    /// the parameter has taken. For checkpoints, and to start from another state than zeros.
    ///
    /// ```swift
    /// // One step of 0.5 has been taken: the momentum of the second goes on from it.
    /// let optimizer = Optimizer(SGD(lr: 0.1, momentum: 0.9, velocity: .steps), [weight])  // weight: [1, 1]
    /// optimizer.state = [(numbers: Tensor([0.5], shape: [1, 1, 1]), step: 1)]
    /// ```
    public var state: [(numbers: Tensor, step: Int)] {
        get { states.flatMap { $0.map { ($0.numbers, $0.step) } } }
        set {
            precondition(newValue.count == parameters.count, "Optimizer.state: one for each parameter")
            var rest = newValue[...]
            for group in states.indices {
                for index in states[group].indices {
                    guard let (numbers, step) = rest.popFirst() else { return }
                    precondition(
                        numbers.shape == states[group][index].numbers.shape, "Optimizer.state: a state of another shape"
                    )
                    states[group][index] = ParameterState(numbers: numbers, step: step)
                }
            }
        }
    }

    /// Takes over what a checkpoint kept.
    ///
    /// - Parameter rates: the learning rate of every group, without `rateFactor`.
    /// - Throws: `StateError` where the shapes are those of other parameters; nothing is changed then.
    func load(_ state: [(numbers: Tensor, step: Int)], rates: [Float]) throws {
        guard rates.count == groups.count else {
            throw StateError(description: "expected \(groups.count) learning rates, got \(rates.count)")
        }
        let (expected, got) = (self.state.map(\.numbers.shape), state.map(\.numbers.shape))
        guard expected.count == got.count else {
            throw StateError(description: "expected the state of \(expected.count) parameters, got \(got.count)")
        }
        if let index = expected.indices.first(where: { expected[$0] != got[$0] }) {
            throw StateError(
                description: "parameter \(index): expected shape \(expected[index]), got \(got[index])")
        }
        self.state = state
        baseRates = rates
        applyRates()
    }
}
