/// A layer that also runs by itself, outside a model: through a plan of its own.
///
/// ```swift
/// let conv = Conv1d(8, 12, kernelSize: 3, stride: 2)
/// let y = try conv.forward(x)          // x: [batch, 8, width]
/// let dx = try conv.backward(delta)    // leaves conv.weight.gradient and conv.bias?.gradient
/// ```
public protocol StandaloneLayer: Layer {
    /// Remembers the plans of the last forward passes. Copies of a layer share it.
    var runner: LayerRunner { get }
}

extension StandaloneLayer {
    /// Runs the layer on a batch; in training mode so that `backward` can follow.
    ///
    /// - Throws: `ShapeError` where the input does not fit.
    public func forward(_ input: Tensor, mode: Plan.Mode = .training) throws -> Tensor {
        try runner.plan(for: self, inputShape: input.shape, mode: mode).forward(input)
    }

    /// `forward` in inference mode.
    ///
    /// - Throws: `ShapeError` where the input does not fit.
    public func callAsFunction(_ input: Tensor) throws -> Tensor { try forward(input, mode: .inference) }

    /// The gradient with respect to the input of the last forward pass in training mode, from that with respect to its
    /// output. The gradients of the parameters are added to what they hold, sums over the batch, not averages.
    ///
    /// - Throws: `ShapeError` where the gradient has another shape than the output.
    public func backward(_ outputGradient: Tensor) throws -> Tensor {
        let plan = runner.trainingPlan
        try plan.backward(outputGradient)
        return plan.inputGradient ?? .zeros(plan.inputShape)
    }
}

/// The plans that a layer runs by itself in, one for each mode, kept as long as the shape stays the same.
public final class LayerRunner {
    private var plans: [Plan.Mode: Plan] = [:]

    public init() {}

    func plan(for layer: any Layer, inputShape: [Int], mode: Plan.Mode) throws -> Plan {
        if let plan = plans[mode], plan.inputShape == inputShape, plan.fitsInstructionSet { return plan }
        let new = try Plan(layer, inputShape: inputShape, mode: mode, inputGradient: true)
        // Its random numbers go on from those of the plan before.
        new.step = plans[mode]?.step ?? 0
        plans[mode] = new
        return new
    }

    var trainingPlan: Plan {
        guard let plan = plans[.training] else {
            preconditionFailure("backward: call forward in training mode first")
        }
        return plan
    }
}
