import CKernels

/// x for x > 0, else slope · x with a slope that is learned, one for all or one per channel (He et al. 2015).
///
/// Input of any shape for one slope, [N, channels, ...] for more.
public struct PReLU: StandaloneLayer {
    /// What x is multiplied with below 0: [1] where all channels share it, else [channels].
    public let slope: Parameter
    public let runner = LayerRunner()

    /// - Parameters:
    ///   - channels: 1 for a slope that all channels share.
    ///   - slope: the first value of all slopes.
    public init(channels: Int = 1, slope: Float = 0.25) {
        precondition(channels > 0, "PReLU: channels must be positive, got \(channels)")
        self.slope = Parameter([channels], .constant(slope))
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        let channels = slope.count
        guard channels > 1 else { return add(builder, input, channels: 1) }
        try builder.require(
            input.shape.count >= 2 && input.shape[1] == channels, expected: "[N, \(channels), ...]", got: input.shape)
        return add(builder, builder.channelsInnermost(input), channels: channels)
    }

    private func add(_ builder: PlanBuilder, _ input: Value, channels: Int) -> Value {
        let output = builder.makeValue(input.shape, input.order, from: input, parameters: [slope])
        return builder.add(PReLUOperation(builder, slope, input: input, output: output, channels: channels), output)
    }

    public var namedParameters: [NamedParameter] { [NamedParameter("weight", slope)] }
    public var description: String { "PReLU(channels: \(slope.count))" }
}

private final class PReLUOperation: Operation {
    private let slope: Parameter
    private let input: Value, output: Value
    private let rows: Int, channels: Int
    private let workspace: Buffer
    /// The gradient of a frozen slope.
    private let unusedGradient: Buffer

    init(_ builder: PlanBuilder, _ slope: Parameter, input: Value, output: Value, channels: Int) {
        (self.slope, self.input, self.output, self.channels) = (slope, input, output, channels)
        rows = input.count / channels
        workspace = builder.makeBuffer(bytes: snn_prelu_workspace_size(rows, channels))
        unusedGradient = builder.makeBuffer(floats: slope.count)
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] {
        [input.buffer, input.gradient, output.gradient, workspace, unusedGradient].compactMap { $0 }
    }

    func forward(step: Int) {
        slope.withValue {
            snn_prelu_forward(rows, channels, slope.count, input.buffer.floats, $0, output.buffer.floats)
        }
    }

    func backward() {
        guard let dy = output.gradient else { return }
        guard slope.requiresGradient else { return compute(dy, unusedGradient.floats, accumulate: false) }
        slope.withGradientForWriting { compute(dy, $0, accumulate: $1) }
    }

    private func compute(_ dy: Buffer, _ dslope: UnsafeMutablePointer<Float>, accumulate: Bool) {
        slope.withValue {
            snn_prelu_backward(
                rows, channels, slope.count, input.buffer.floats, $0, dy.floats, input.gradient?.floats, accumulate,
                dslope, workspace.bytes)
        }
    }
}
