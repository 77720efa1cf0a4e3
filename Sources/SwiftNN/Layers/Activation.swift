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

/// An activation fused into another operation: the gradient before it, from the gradient after it and the output.
final class FusedActivation {
    private(set) var activation = Activation.identity
    private let output: Value
    /// Where the gradient before the activation goes.
    private let scratch: Buffer?
    private let precision: Precision
    /// Whether the gradient that comes in is already the one before the activation.
    private var isHandedOver = false

    init(output: Value, _ builder: PlanBuilder) {
        self.output = output
        precision = builder.precision
        scratch = output.gradient == nil ? nil : builder.makeBuffer(output.count, output.format)
    }

    func fuse(_ activation: Activation) -> Bool {
        guard self.activation == .identity, output.gradient == nil || activation.isInvertible else { return false }
        self.activation = activation
        return true
    }

    func handOverDerivative() -> Activation? {
        // In bfloat16 the gradients before and after the activation are rounded; ReLU leaves rounded numbers.
        guard output.gradient != nil, precision == .float32 || activation == .relu else { return nil }
        isHandedOver = true
        return activation
    }

    var kernel: snn_activation { activation.kernel }

    /// What `gradientBeforeActivation` reads and writes.
    var backwardBuffers: [Buffer] {
        activation == .identity || isHandedOver
            ? [output.gradient].compactMap { $0 } : [output.buffer, output.gradient, scratch].compactMap { $0 }
    }

    /// In the output's format.
    func gradientBeforeActivation() -> Buffer? {
        guard let dy = output.gradient, let scratch else { return nil }
        guard activation != .identity && !isHandedOver else { return dy }
        output.format.differentiate(activation, output.count, fromOutput: output.buffer, dy, into: scratch)
        // What ReLU leaves of rounded numbers is rounded.
        if precision == .bfloat16 && activation != .relu { output.roundToBFloat16(scratch) }
        return scratch
    }
}
