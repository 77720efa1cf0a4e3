/// One step of a plan: a kernel call forward and one backward, on buffers and parameters fixed when the plan was built.
///
/// `forward` and `backward` allocate nothing. Gradients are written, never added to, except those of parameters.
public protocol Operation: AnyObject {
    /// Every buffer that `forward` reads or writes.
    var forwardBuffers: [Buffer] { get }
    /// Every buffer that `backward` reads or writes.
    var backwardBuffers: [Buffer] { get }
    /// - Parameter step: the plan's `step`, which random numbers are drawn from.
    func forward(step: Int)
    /// Writes the gradients of what `forward` read, from those of what it wrote. In training only, at most once after
    /// each `forward`.
    func backward()
}

extension Operation {
    public var backwardBuffers: [Buffer] { [] }
    public func backward() {}
}

/// An operation that can apply an activation to what it writes, before it leaves the cache.
protocol ActivationFusing: Operation {
    /// The activation behind what it writes, where a gradient in front of it is kept.
    var fused: FusedActivation { get }

    /// Takes the activation of `value`, which it writes, on: what it then writes, with the gradient behind the activation.
    /// Or refuses, with nil: where a gradient passes whose derivative needs the activation's input, and the operation does
    /// not keep it.
    func fuse(_ activation: Activation, of value: Value, _ builder: PlanBuilder) -> Value?
}

extension ActivationFusing {
    func fuse(_ activation: Activation, of value: Value, _ builder: PlanBuilder) -> Value? {
        fused.fuse(activation, of: value, builder)
    }
}

/// An operation that can add a second value to what it writes.
protocol SumFusing: ActivationFusing {
    /// Adds a value of the output's shape, order and format; before an activation is fused. The gradient of either is that
    /// of what it then writes, in front of an activation. Or refuses.
    func add(_ addend: Value) -> Bool
}
