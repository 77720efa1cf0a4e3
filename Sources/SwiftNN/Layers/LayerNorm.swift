import CKernels

/// Normalises over the last dimensions: y = (x − mean) / √(variance + epsilon) · weight + bias (Ba et al. 2016).
public struct LayerNorm: StandaloneLayer {
    /// The dimensions normalised over, which the input must end with.
    public let shape: [Int]
    /// Added to the variance, under the root.
    public let epsilon: Float
    /// Of the normalised shape; nil where not affine.
    public let weight: Parameter?
    /// Of the normalised shape; nil where not affine.
    public let bias: Parameter?
    public let runner = LayerRunner()

    /// - Parameter affine: whether a scale (weight) and a shift (bias) are learned.
    public init(_ shape: [Int], epsilon: Float = 1e-5, affine: Bool = true) {
        (self.shape, self.epsilon) = (shape, epsilon)
        weight = affine ? Parameter(shape, .ones) : nil
        bias = affine ? Parameter(shape, .zeros) : nil
    }

    /// Over the last dimension, of the given size.
    public init(_ features: Int, epsilon: Float = 1e-5, affine: Bool = true) {
        self.init([features], epsilon: epsilon, affine: affine)
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try builder.require(
            input.shape.count > shape.count && Array(input.shape.suffix(shape.count)) == shape,
            expected: "[..., \(shape.map { "\($0)" }.joined(separator: ", "))]", got: input.shape)
        let input = builder.contiguous(input)
        let output = builder.makeValue(input.shape, from: input, parameters: namedParameters.map(\.parameter))
        return builder.add(LayerNormOperation(builder, self, input: input, output: output), output)
    }

    public var namedParameters: [NamedParameter] {
        [("weight", weight), ("bias", bias)].compactMap { name, parameter in parameter.map { NamedParameter(name, $0) }
        }
    }

    public var description: String { "LayerNorm(\(shape))" }
}

private final class LayerNormOperation: Operation {
    private let norm: LayerNorm
    private var shape: snn_norm_shape
    private let input: Value, output: Value
    private let mean: Buffer, inverseDeviation: Buffer, workspace: Buffer

    init(_ builder: PlanBuilder, _ norm: LayerNorm, input: Value, output: Value) {
        (self.norm, self.input, self.output) = (norm, input, output)
        let channels = norm.shape.product
        shape = snn_norm_shape(
            rows: channels == 0 ? 0 : input.count / channels, channels: channels, epsilon: norm.epsilon,
            numbers: NumberFormat.float32.kernel(builder.precision))
        output.buffer.isRounded = true
        input.gradient?.isRounded = true
        mean = builder.makeBuffer(floats: shape.rows)
        inverseDeviation = builder.makeBuffer(floats: shape.rows)
        workspace = builder.makeBuffer(bytes: snn_layer_norm_workspace_size(&shape))
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer, mean, inverseDeviation] }
    var backwardBuffers: [Buffer] {
        [input.buffer, mean, inverseDeviation, workspace, input.gradient, output.gradient].compactMap { $0 }
    }

    func forward(step: Int) {
        norm.weight.withOptionalValue { scale in
            norm.bias.withOptionalValue { shift in
                snn_layer_norm_forward(
                    &shape, input.buffer.floats, scale, shift, mean.floats, inverseDeviation.floats,
                    output.buffer.floats)
            }
        }
    }

    func backward() {
        guard let dy = output.gradient else { return }
        norm.weight.withOptionalValue { scale in
            withNormGradients(scale: norm.weight, shift: norm.bias) { dscale, dshift, accumulate in
                snn_layer_norm_backward(
                    &shape, input.buffer.floats, dy.floats, scale, mean.floats, inverseDeviation.floats, accumulate,
                    input.gradient?.floats, dscale, dshift, workspace.bytes)
            }
        }
    }
}
