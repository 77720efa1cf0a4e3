import CKernels

/// RMSProp (Hinton 2012) as torch.optim.RMSprop computes it:
///
///     g ← g + weightDecay · w
///     s ← smoothing · s + (1 − smoothing) · g²
///     d = √s + epsilon                           (centered: √(s − a²) + epsilon with the average a of g)
///     w ← w − lr · g / d                         (momentum: v ← momentum · v + g / d, w ← w − lr · v)
public struct RMSProp: UpdateRule, Sendable {
    /// The learning rate: without momentum about the length of a weight's step while its gradient stays the same.
    public var lr: Float
    /// The part of s, and of a where centered, that is kept at each step; in 0 ..< 1 (`alpha` of PyTorch).
    public var smoothing: Float
    /// Added to the root, outside of it.
    public var epsilon: Float
    /// The part of a weight that is added to its gradient; 0 for none.
    public var weightDecay: Float
    /// The part of the velocity that is kept at each step; 0 for no velocity.
    public var momentum: Float
    /// Whether the mean of the gradients is taken out of s, which leaves their variance (Graves 2013).
    public var centered: Bool

    public init(
        lr: Float = 1e-2, smoothing: Float = 0.99, epsilon: Float = 1e-8, weightDecay: Float = 0, momentum: Float = 0,
        centered: Bool = false
    ) {
        (self.lr, self.smoothing, self.epsilon) = (lr, smoothing, epsilon)
        (self.weightDecay, self.momentum, self.centered) = (weightDecay, momentum, centered)
    }

    /// s, then a where centered, then the velocity where there is momentum.
    public var slots: Int { 1 + (centered ? 1 : 0) + (momentum == 0 ? 0 : 1) }

    public func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int,
        gradientScale: Float
    ) {
        var options = snn_rmsprop(
            rate: lr, smoothing: smoothing, epsilon: epsilon, weight_decay: weightDecay, momentum: momentum,
            gradient_scale: gradientScale)
        withKernelPointers(&weights, gradient, &state) { count, weights, gradient, slot in
            guard let squares = slot(0) else { return }
            let average = centered ? slot(1) : nil
            let velocity = momentum == 0 ? nil : slot(centered ? 2 : 1)
            snn_rmsprop_step(&options, count, gradient, squares, average, velocity, weights)
        }
    }

    public var description: String {
        "RMSProp(lr: \(lr), smoothing: \(smoothing), epsilon: \(epsilon), weightDecay: \(weightDecay), "
            + "momentum: \(momentum), centered: \(centered))"
    }
}
