import CKernels

/// Stochastic gradient descent in PyTorch's form (torch.optim.SGD):
///
///     g ← g + weightDecay · w
///     v ← momentum · v + (1 − dampening) · g     (v = g at the first step)
///     w ← w − lr · v                             (Nesterov: w − lr · (g + momentum · v))
public struct SGD: UpdateRule, Sendable {
    public var lr: Float
    public var momentum: Float
    public var dampening: Float
    public var nesterov: Bool
    public var weightDecay: Float
    /// Shrinks the weights by lr · weightDecay instead of adding to the gradient (Loshchilov & Hutter 2019).
    public var decoupledDecay: Bool

    public init(
        lr: Float, momentum: Float = 0, dampening: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
        decoupledDecay: Bool = false
    ) {
        precondition(!nesterov || (momentum > 0 && dampening == 0), "SGD: Nesterov needs momentum and no dampening")
        (self.lr, self.momentum, self.dampening, self.nesterov) = (lr, momentum, dampening, nesterov)
        (self.weightDecay, self.decoupledDecay) = (weightDecay, decoupledDecay)
    }

    public var slots: Int { momentum == 0 ? 0 : 1 }

    public func update(
        _ weights: inout MutableSpan<Float>, gradient: Span<Float>, state: inout MutableSpan<Float>, step: Int,
        gradientScale: Float
    ) {
        var options = snn_sgd(
            rate: lr, momentum: momentum, dampening: dampening, weight_decay: weightDecay,
            gradient_scale: gradientScale,
            nesterov: nesterov, decoupled: decoupledDecay, first_step: step == 1)
        withKernelPointers(&weights, gradient, &state) { count, weights, gradient, slot in
            snn_sgd_step(&options, count, gradient, slot(0), weights)
        }
    }

    public var description: String {
        "SGD(lr: \(lr), momentum: \(momentum), nesterov: \(nesterov), weightDecay: \(weightDecay))"
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
