import CKernels

/// y = x Wᵀ + b, for x of [..., inFeatures].
public struct Linear: StandaloneLayer {
    /// [outFeatures, inFeatures]
    public let weight: Parameter
    /// [outFeatures]
    public let bias: Parameter?
    public let runner = LayerRunner()

    /// - Parameters:
    ///   - initializer: of the weights; PyTorch's default is uniform in ±1 / √inFeatures.
    ///   - biasInitializer: nil for the same as PyTorch's default.
    public init(
        _ inFeatures: Int, _ outFeatures: Int, bias: Bool = true, initializer: Initializer = .pytorchDefault,
        biasInitializer: Initializer? = nil
    ) {
        precondition(
            inFeatures > 0 && outFeatures > 0, "Linear: features must be positive, got \(inFeatures), \(outFeatures)")
        let shape = [outFeatures, inFeatures]
        weight = Parameter(shape, initializer)
        self.bias = bias ? Parameter([outFeatures], biasInitializer ?? .pytorchBias(besideWeights: shape)) : nil
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        let (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        try builder.require(input.shape.last == inFeatures, expected: "[..., \(inFeatures)]", got: input.shape)
        // A flattened image is read in place by weights packed to match it; in training, which packs them with every step,
        // the image is reordered instead.
        let isReordered = input.order == .channelsLast || builder.mode == .training
        let input = isReordered ? builder.contiguous(input) : input
        let output = builder.makeValue(
            input.shape.dropLast() + [outFeatures], from: input, parameters: namedParameters.map(\.parameter))
        builder.count(multiplyAdds: input.count * outFeatures, weight: weight, input: input)
        return builder.add(LinearOperation(builder, self, input: input, output: output), output)
    }

    public var namedParameters: [NamedParameter] {
        [NamedParameter("weight", weight)] + (bias.map { [NamedParameter("bias", $0)] } ?? [])
    }

    public var description: String {
        "Linear(\(weight.shape[1]), \(weight.shape[0])\(bias == nil ? ", bias: false" : ""))"
    }
}

private final class LinearOperation: ActivationFusing {
    private let weight: Parameter, bias: Parameter?
    private let input: Value, output: Value
    let fused: FusedActivation
    private let product: ProductWithWeights
    private let gradientOfInput: ProductWithWeights?
    private let gradientOfWeights: WeightGradient?

    init(_ builder: PlanBuilder, _ layer: Linear, input: Value, output: Value) {
        (weight, bias) = (layer.weight, layer.bias)
        (self.input, self.output) = (input, output)
        let (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        let rows = input.count / inFeatures
        fused = FusedActivation(output: output, builder)
        let isRounded = builder.precision == .bfloat16
        output.buffer.isRounded = true
        input.gradient?.isRounded = true

        // y = x Wᵀ
        product = ProductWithWeights(
            builder, weight, order: input.order.featureOrder(features: inFeatures),
            snn_gemm_shape(
                m: rows, n: outFeatures, k: inFeatures, transpose_a: false, transpose_b: true, lda: inFeatures,
                ldb: inFeatures, ldc: outFeatures, alpha: 1, beta: 0, bfloat16: isRounded, rounds: isRounded))

        // dx = dy W
        gradientOfInput =
            input.gradient != nil
            ? ProductWithWeights(
                builder, weight, order: snn_feature_order(channels: 1, spatial: outFeatures),
                snn_gemm_shape(
                    m: rows, n: inFeatures, k: outFeatures, transpose_a: false, transpose_b: false, lda: outFeatures,
                    ldb: inFeatures, ldc: inFeatures, alpha: 1, beta: 0, bfloat16: isRounded, rounds: isRounded))
            : nil
        gradientOfWeights =
            output.gradient != nil ? WeightGradient(builder, weight: weight, bias: bias, rows: rows) : nil
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer, product.workspace] }
    var backwardBuffers: [Buffer] {
        fused.backwardBuffers + (gradientOfWeights?.buffers ?? [])
            + [input.buffer, input.gradient, gradientOfInput?.workspace].compactMap { $0 }
    }

    func forward(step: Int) {
        withEpilogue(bias: bias, activation: fused.kernel) {
            product.compute(input.buffer.floats, epilogue: $0, into: output.buffer.floats)
        }
    }

    func backward() {
        guard let dy = fused.gradientInFront()?.floats else { return }
        gradientOfWeights?.compute(input: input.buffer.floats, outputGradient: dy)
        guard let dx = input.gradient else { return }
        gradientOfInput?.compute(dy, epilogue: nil, into: dx.floats)
    }
}

/// A product with the weights of a layer. In training, where they change with every step, they are packed in the course of
/// each product, as far as it needs that; otherwise once, as are those that are rounded besides.
private final class ProductWithWeights {
    let workspace: Buffer
    private let weight: Parameter
    private let packed: PackedWeights?
    private var shape: snn_gemm_shape

    init(_ builder: PlanBuilder, _ weight: Parameter, order: snn_feature_order, _ shape: snn_gemm_shape) {
        (self.weight, self.shape) = (weight, shape)
        if builder.mode == .training && builder.precision == .float32 {
            packed = nil
            workspace = builder.makeBuffer(bytes: snn_gemm_workspace_size(&self.shape))
        } else {
            packed = PackedWeights(builder, weight, bytes: snn_gemm_packed_size(&self.shape)) { weights, packed in
                withUnsafePointer(to: shape) { snn_gemm_pack_b($0, order, weights, packed) }
            }
            workspace = builder.makeBuffer(bytes: snn_gemm_packed_workspace_size(&self.shape))
        }
    }

    func compute(
        _ rows: UnsafePointer<Float>, epilogue: UnsafePointer<snn_epilogue>?, into out: UnsafeMutablePointer<Float>
    ) {
        if let packed {
            snn_gemm_packed(&shape, rows, packed.upToDate(), epilogue, out, workspace.bytes)
        } else {
            weight.withValue { snn_gemm(&shape, rows, $0, epilogue, out, workspace.bytes) }
        }
    }
}

/// dW = dyᵀ x and db = the column sums of dy.
private final class WeightGradient {
    private let weight: Parameter, bias: Parameter?
    private let rows: Int
    private let workspace: Buffer
    private let biasWorkspace: Buffer
    private var shape: snn_gemm_shape

    init(_ builder: PlanBuilder, weight: Parameter, bias: Parameter?, rows: Int) {
        (self.weight, self.bias, self.rows) = (weight, bias, rows)
        let (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        shape = snn_gemm_shape(
            m: outFeatures, n: inFeatures, k: rows, transpose_a: true, transpose_b: false, lda: outFeatures,
            ldb: inFeatures, ldc: inFeatures, alpha: 1, beta: 0, bfloat16: builder.precision == .bfloat16,
            rounds: false)
        workspace = builder.makeBuffer(bytes: snn_gemm_workspace_size(&shape))
        biasWorkspace = builder.makeBuffer(bytes: snn_column_sums_workspace_size(rows, outFeatures))
    }

    var buffers: [Buffer] { [workspace, biasWorkspace] }

    func compute(input: UnsafePointer<Float>, outputGradient dy: UnsafePointer<Float>) {
        if let bias, bias.requiresGradient {
            bias.withGradientForWriting {
                snn_column_sums(rows, bias.count, SNN_FLOAT32, dy, $1, $0, biasWorkspace.bytes)
            }
        }
        guard weight.requiresGradient else { return }
        weight.withGradientForWriting { gradient, accumulate in
            shape.beta = accumulate ? 1 : 0
            snn_gemm(&shape, dy, input, nil, gradient, workspace.bytes)
        }
    }
}
