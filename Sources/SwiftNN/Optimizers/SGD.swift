import CKernels

/// Stochastic gradient descent in PyTorch's form (torch.optim.SGD):
///
///     g ← g + weightDecay · w
///     v ← momentum · v + (1 − dampening) · g     (v = g at the first step)
///     w ← w − lr · v                             (Nesterov: w − lr · (g + momentum · v))
///
/// With `velocity: .steps` the learning rate is inside of the velocity. Dampening as large as the momentum makes v the
/// moving average of the gradients, which starts at the first one. Documentation/Conventions.md compares the three forms.
public struct SGD: UpdateRule, Sendable {
    /// What the velocity of the momentum is the decaying sum of. The forms differ where the learning rate changes.
    public enum Velocity: Sendable, Hashable {
        /// Gradients, as in PyTorch: a new learning rate acts on the whole velocity at once.
        case gradients
        /// Steps, each with the learning rate of its time (Polyak 1964; Sutskever et al. 2013): the velocity is the last
        /// change of the weights.
        ///
        ///     v ← momentum · v − lr · (1 − dampening) · g     (v = −lr · g at the first step)
        ///     w ← w + v                                       (Nesterov: w + momentum · v − lr · g)
        ///
        /// Nesterov's w is the point that looks ahead, at which the gradient is computed (Bengio et al. 2013).
        case steps
    }

    /// The learning rate: a factor of the velocity, or of what enters it with `velocity: .steps`.
    public var lr: Float
    /// The part of the velocity that is kept at each step; 0 for no velocity.
    public var momentum: Float
    /// The part of a gradient that does not enter the velocity. The first enters whole.
    public var dampening: Float
    /// Whether the step looks ahead, as in the formulas; needs momentum and no dampening.
    public var nesterov: Bool
    /// The part of a weight that is added to its gradient: λ of a term λ / 2 · w² in the loss; 0 for none.
    public var weightDecay: Float
    /// Shrinks the weights by lr · weightDecay instead of adding to the gradient (Loshchilov & Hutter 2019).
    public var decoupledDecay: Bool
    /// Which form the momentum has.
    public var velocity: Velocity

    public init(
        lr: Float, momentum: Float = 0, dampening: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
        decoupledDecay: Bool = false, velocity: Velocity = .gradients
    ) {
        precondition(!nesterov || (momentum > 0 && dampening == 0), "SGD: Nesterov needs momentum and no dampening")
        (self.lr, self.momentum, self.dampening, self.nesterov) = (lr, momentum, dampening, nesterov)
        (self.weightDecay, self.decoupledDecay) = (weightDecay, decoupledDecay)
        self.velocity = velocity
    }

    /// One where there is momentum: the velocity.
    public var slots: Int { momentum == 0 ? 0 : 1 }

    public func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int,
        gradientScale: Float
    ) {
        var options = snn_sgd(
            rate: lr, momentum: momentum, dampening: dampening, weight_decay: weightDecay,
            gradient_scale: gradientScale, nesterov: nesterov, decoupled: decoupledDecay,
            velocity_of_steps: velocity == .steps, first_step: step == 1)
        withKernelPointers(&weights, gradient, &state) { count, weights, gradient, slot in
            snn_sgd_step(&options, count, gradient, slot(0), weights)
        }
    }

    public var description: String {
        "SGD(lr: \(lr), momentum: \(momentum), dampening: \(dampening), nesterov: \(nesterov), "
            + "weightDecay: \(weightDecay), decoupledDecay: \(decoupledDecay), velocity: .\(velocity))"
    }
}

/// Calls `body` with what an optimizer kernel takes; `slot(s)` is where slot s of the state starts, nil where there is none.
func withKernelPointers(
    _ weights: inout MutableSpan<Float>, _ gradient: Span<Float>, _ state: inout MutableSpan<Float>,
    _ body: (
        _ count: Int, _ weights: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>,
        _ slot: (Int) -> UnsafeMutablePointer<Float>?
    ) -> Void
) {
    let count = weights.count
    let slots = count == 0 ? 0 : state.count / count
    weights.withUnsafeMutableBufferPointer { weights in
        gradient.withUnsafeBufferPointer { gradient in
            state.withUnsafeMutableBufferPointer { state in
                guard let weights = weights.baseAddress, let gradient = gradient.baseAddress else { return }
                body(count, weights, gradient) { slot in
                    slot < slots ? state.baseAddress.map { $0 + slot * count } : nil
                }
            }
        }
    }
}
