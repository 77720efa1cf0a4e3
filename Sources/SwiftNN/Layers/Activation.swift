import CKernels

/// The activation functions that have kernels. For one of your own see `CustomActivation`.
public enum Activation: Sendable, Hashable {
    case identity
    /// 0 for x < 0, else 1; its derivative is 0.
    case binaryStep
    /// 1 / (1 + e⁻ˣ)
    case sigmoid
    case tanh
    case arctan
    /// max(0, x)
    case relu
    /// x for x > 0, else slope · x
    case leakyReLU(slope: Float)
    /// x for x > 0, else alpha · (eˣ − 1)
    case elu(alpha: Float)
    /// x · Φ(x), exact
    case gelu
    /// x · σ(1.702 x)
    case geluSigmoid
    /// 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))
    case geluTanh
    /// x · σ(x)
    case silu
    /// log(1 + eˣ)
    case softplus

    var kernel: snn_activation {
        switch self {
        case .identity: snn_activation(kind: SNN_IDENTITY, parameter: 0)
        case .binaryStep: snn_activation(kind: SNN_BINARY_STEP, parameter: 0)
        case .sigmoid: snn_activation(kind: SNN_SIGMOID, parameter: 0)
        case .tanh: snn_activation(kind: SNN_TANH, parameter: 0)
        case .arctan: snn_activation(kind: SNN_ARCTAN, parameter: 0)
        case .relu: snn_activation(kind: SNN_RELU, parameter: 0)
        case .leakyReLU(let slope): snn_activation(kind: SNN_LEAKY_RELU, parameter: slope)
        case .elu(let alpha): snn_activation(kind: SNN_ELU, parameter: alpha)
        case .gelu: snn_activation(kind: SNN_GELU, parameter: 0)
        case .geluSigmoid: snn_activation(kind: SNN_GELU_SIGMOID, parameter: 0)
        case .geluTanh: snn_activation(kind: SNN_GELU_TANH, parameter: 0)
        case .silu: snn_activation(kind: SNN_SILU, parameter: 0)
        case .softplus: snn_activation(kind: SNN_SOFTPLUS, parameter: 0)
        }
    }

    /// Whether the derivative can be computed from the output, so that the input need not be kept.
    var isInvertible: Bool { snn_activation_invertible(kernel) }

    /// The function of every element.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = Tensor(uninitialized: x.shape, format: x.format)
        x.withUnsafePointer { snn_activation_forward(kernel, x.count, $0, y.storage.base) }
        return y
    }

    /// The derivative at every element.
    public func derivative(_ x: Tensor) -> Tensor {
        let result = Tensor(repeating: 1, shape: x.shape, format: x.format)
        x.withUnsafePointer { snn_activation_backward(kernel, x.count, $0, result.storage.base, result.storage.base) }
        return result
    }
}

/// An activation that no other operation could take on.
final class ActivationOperation: Operation {
    private let activation: Activation
    private let input: Value, output: Value

    init(_ activation: Activation, input: Value, output: Value) {
        (self.activation, self.input, self.output) = (activation, input, output)
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] {
        [activation.isInvertible ? output.buffer : input.buffer, output.gradient, input.gradient].compactMap { $0 }
    }

    func forward(step: Int) {
        input.format.activate(activation, input.count, input.buffer, into: output.buffer)
    }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        if activation.isInvertible {
            input.format.differentiate(activation, input.count, fromOutput: output.buffer, dy, into: dx)
        } else {
            input.format.differentiate(activation, input.count, at: input.buffer, dy, into: dx)
        }
    }
}

/// An activation fused into another operation, whose output's gradient is then the one in front of it.
final class FusedActivation {
    private(set) var activation = Activation.identity
    private let output: Value
    private let precision: Precision
    /// The gradient behind the activation, where that is still to be taken in front of it.
    private var gradientBehind: Buffer?

    init(output: Value, _ builder: PlanBuilder) { (self.output, precision) = (output, builder.precision) }

    /// What `value`, the operation's output or a view of it, becomes; nil where a gradient passes that needs more than the
    /// activation's output.
    func fuse(_ activation: Activation, of value: Value, _ builder: PlanBuilder) -> Value? {
        guard self.activation == .identity, output.gradient == nil || activation.isInvertible else { return nil }
        self.activation = activation
        gradientBehind = output.gradient.map { _ in builder.makeBuffer(output.count, output.format) }
        return value.with(gradient: gradientBehind)
    }

    /// Leaves the derivative of the activation to the only reader of the output, whose gradient is then already the one in
    /// front of it; identity where that is not possible, or where there is none.
    func handOverDerivative() -> Activation {
        // In bfloat16 the gradients before and after the activation are rounded; ReLU leaves rounded numbers.
        guard let gradient = output.gradient, precision == .float32 || activation == .relu else { return .identity }
        gradientBehind?.share(with: gradient)
        gradientBehind = nil
        return activation
    }

    var kernel: snn_activation { activation.kernel }

    /// What `gradientInFront` reads and writes.
    var backwardBuffers: [Buffer] {
        [output.gradient].compactMap { $0 } + (gradientBehind.map { [output.buffer, $0] } ?? [])
    }

    /// The gradient in front of the activation, in the output's format.
    func gradientInFront() -> Buffer? {
        guard let gradient = output.gradient else { return nil }
        if let gradientBehind {
            output.format.differentiate(
                activation, output.count, fromOutput: output.buffer, gradientBehind, into: gradient)
            // What ReLU leaves of rounded numbers is rounded.
            if precision == .bfloat16 && activation != .relu { output.roundToBFloat16(gradient) }
        }
        return gradient
    }
}
