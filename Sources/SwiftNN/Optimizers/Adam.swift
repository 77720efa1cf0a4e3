import CKernels

/// Adam (Kingma & Ba 2015) as torch.optim.Adam computes it:
///
///     g ← g + weightDecay · w
///     m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
///     w ← w − lr · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + epsilon)
public struct Adam: UpdateRule, Sendable {
    public var lr: Float
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
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

    public init(
        lr: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 1e-2,
        amsgrad: Bool = false
    ) {
        adam = Adam(
            lr: lr, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad,
            decoupledDecay: true)
    }

    public var lr: Float {
        get { adam.lr }
        set { adam.lr = newValue }
    }

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
