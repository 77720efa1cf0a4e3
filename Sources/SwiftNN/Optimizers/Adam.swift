import CKernels

/// Adam (Kingma & Ba 2015) as torch.optim.Adam computes it:
///
///     g ← g + weightDecay · w
///     m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
///     w ← w − lr · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + epsilon)
public struct Adam: UpdateRule, Sendable {
    /// The learning rate: about the length of a weight's step while its gradient stays the same.
    public var lr: Float
    /// The part of m, the mean of the gradients, that is kept at each step; in 0 ..< 1.
    public var beta1: Float
    /// The part of v, the mean of their squares, that is kept at each step; in 0 ..< 1.
    public var beta2: Float
    /// Added to the root of the corrected v, outside of it.
    public var epsilon: Float
    /// The part of a weight that is added to its gradient, and so divided by √v with it; 0 for none.
    public var weightDecay: Float
    /// Uses the largest v so far (Reddi et al. 2018).
    public var amsgrad: Bool
    let decoupledDecay: Bool

    public init(
        lr: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
        amsgrad: Bool = false
    ) {
        self.init(
            lr: lr, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad,
            decoupledDecay: false)
    }

    fileprivate init(
        lr: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, amsgrad: Bool, decoupledDecay: Bool
    ) {
        (self.lr, self.beta1, self.beta2, self.epsilon) = (lr, beta1, beta2, epsilon)
        (self.weightDecay, self.amsgrad, self.decoupledDecay) = (weightDecay, amsgrad, decoupledDecay)
    }

    /// m and v, and with `amsgrad` the largest v.
    public var slots: Int { amsgrad ? 3 : 2 }

    public func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int,
        gradientScale: Float
    ) {
        var options = snn_adam(
            rate: lr, beta1: beta1, beta2: beta2, epsilon: epsilon, weight_decay: weightDecay,
            gradient_scale: gradientScale, decoupled: decoupledDecay, step: step)
        withKernelPointers(&weights, gradient, &state) { count, weights, gradient, slot in
            guard let first = slot(0), let second = slot(1) else { return }
            snn_adam_step(&options, count, gradient, first, second, slot(2), weights)
        }
    }

    public var description: String { "Adam(\(hyperParameters))" }

    fileprivate var hyperParameters: String {
        "lr: \(lr), beta1: \(beta1), beta2: \(beta2), epsilon: \(epsilon), weightDecay: \(weightDecay), "
            + "amsgrad: \(amsgrad)"
    }
}

/// Adam with weight decay apart from the gradient: w ← w · (1 − lr · weightDecay) before the update (Loshchilov & Hutter
/// 2019; torch.optim.AdamW).
public struct AdamW: UpdateRule, Sendable {
    private var adam: Adam

    /// The parameters mean what they do in `Adam`, but for the weight decay, which is no part of the gradient.
    ///
    /// - Parameter weightDecay: lr · weightDecay is the part of itself that a weight loses at each step.
    public init(
        lr: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 1e-2,
        amsgrad: Bool = false
    ) {
        adam = Adam(
            lr: lr, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad,
            decoupledDecay: true)
    }

    /// As in `Adam`.
    public var lr: Float {
        get { adam.lr }
        set { adam.lr = newValue }
    }

    /// As in `Adam`.
    public var slots: Int { adam.slots }

    public func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int,
        gradientScale: Float
    ) {
        adam.update(&weights, shape: shape, gradient: gradient, state: &state, step: step, gradientScale: gradientScale)
    }

    public var description: String { "AdamW(\(adam.hyperParameters))" }
}
