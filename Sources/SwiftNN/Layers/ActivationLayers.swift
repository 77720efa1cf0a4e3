/// A layer that applies an activation to every element; of any shape.
public protocol ActivationLayer: StandaloneLayer {
    /// What is applied. A plan computes it inside the operation before the layer where that can.
    var activation: Activation { get }
}

extension ActivationLayer {
    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value { builder.activate(input, activation) }
    public var description: String { "\(Self.self)()" }
}

/// x.
public struct Identity: ActivationLayer {
    public let activation = Activation.identity
    public let runner = LayerRunner()
    public init() {}
}

/// 0 for x < 0, else 1; learns nothing, as its derivative is 0.
public struct BinaryStep: ActivationLayer {
    public let activation = Activation.binaryStep
    public let runner = LayerRunner()
    public init() {}
}

/// The logistic function 1 / (1 + e⁻ˣ).
public struct Sigmoid: ActivationLayer {
    public let activation = Activation.sigmoid
    public let runner = LayerRunner()
    public init() {}
}

/// The hyperbolic tangent.
public struct Tanh: ActivationLayer {
    public let activation = Activation.tanh
    public let runner = LayerRunner()
    public init() {}
}

/// The inverse tangent.
public struct Arctan: ActivationLayer {
    public let activation = Activation.arctan
    public let runner = LayerRunner()
    public init() {}
}

/// max(0, x).
public struct ReLU: ActivationLayer {
    public let activation = Activation.relu
    public let runner = LayerRunner()
    public init() {}
}

/// x for x > 0, else slope · x.
public struct LeakyReLU: ActivationLayer {
    public let activation: Activation
    public let runner = LayerRunner()
    private let slope: Float
    public init(slope: Float = 0.01) {
        activation = .leakyReLU(slope: slope)
        self.slope = slope
    }
    public var description: String { "LeakyReLU(slope: \(slope))" }
}

/// x for x > 0, else alpha · (eˣ − 1) (Clevert et al. 2016).
public struct ELU: ActivationLayer {
    public let activation: Activation
    public let runner = LayerRunner()
    private let alpha: Float
    public init(alpha: Float = 1) {
        activation = .elu(alpha: alpha)
        self.alpha = alpha
    }
    public var description: String { "ELU(alpha: \(alpha))" }
}

/// The Gaussian error linear unit (Hendrycks & Gimpel 2016).
public struct GELU: ActivationLayer {
    /// Which formula is computed.
    public enum Approximation: Sendable {
        /// x · Φ(x), exact.
        case none
        /// x · σ(1.702 x).
        case sigmoid
        /// 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).
        case tanh
    }

    public let activation: Activation
    public let runner = LayerRunner()
    private let approximation: Approximation
    public init(approximation: Approximation = .none) {
        self.approximation = approximation
        activation =
            switch approximation {
            case .none: .gelu
            case .sigmoid: .geluSigmoid
            case .tanh: .geluTanh
            }
    }
    public var description: String { approximation == .none ? "GELU()" : "GELU(approximation: \(approximation))" }
}

/// x · σ(x), also called swish.
public struct SiLU: ActivationLayer {
    public let activation = Activation.silu
    public let runner = LayerRunner()
    public init() {}
}

/// log(1 + eˣ).
public struct Softplus: ActivationLayer {
    public let activation = Activation.softplus
    public let runner = LayerRunner()
    public init() {}
}
