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
        let input = input.order == .channelsLast ? builder.contiguous(input) : input
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
    private let rows: Int, inFeatures: Int, outFeatures: Int
    private let order: snn_feature_order
    private let fused: FusedActivation
    private let forwardWeights: PackedWeights
    private let backwardWeights: PackedWeights?
    private let gradientOfWeights: WeightGradient?
    private let forwardWorkspace: Buffer
    private let backwardWorkspace: Buffer?
    /// dx in logical order, where the input is not.
    private let logicalGradient: Buffer?
    private var forwardShape: snn_gemm_shape
    private var backwardShape: snn_gemm_shape

    init(_ builder: PlanBuilder, _ layer: Linear, input: Value, output: Value) {
        (weight, bias) = (layer.weight, layer.bias)
        (self.input, self.output) = (input, output)
        let (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        (self.outFeatures, self.inFeatures) = (outFeatures, inFeatures)
        rows = input.count / inFeatures
        let order = input.order.featureOrder(features: inFeatures)
        self.order = order
        fused = FusedActivation(output: output, builder)

        // y = x Wᵀ
        forwardShape = snn_gemm_shape(
            m: rows, n: outFeatures, k: inFeatures, transpose_a: false, transpose_b: true, lda: inFeatures,
            ldb: inFeatures, ldc: outFeatures, alpha: 1, beta: 0)
        forwardWeights = PackedWeights(builder, weight, bytes: snn_gemm_packed_size(inFeatures, outFeatures)) {
            snn_gemm_pack_b(inFeatures, outFeatures, true, inFeatures, order, $0, $1)
        }
        forwardWorkspace = builder.makeBuffer(bytes: snn_gemm_packed_workspace_size(&forwardShape))

        // dx = dy W
        backwardShape = snn_gemm_shape(
            m: rows, n: inFeatures, k: outFeatures, transpose_a: false, transpose_b: false, lda: outFeatures,
            ldb: inFeatures, ldc: inFeatures, alpha: 1, beta: 0)
        let hasGradient = input.gradient != nil
        let reorders = hasGradient && input.order != .contiguous
        logicalGradient = reorders ? builder.makeBuffer(floats: input.count) : nil
        backwardWorkspace =
            hasGradient ? builder.makeBuffer(bytes: snn_gemm_packed_workspace_size(&backwardShape)) : nil
        backwardWeights =
            hasGradient
            ? PackedWeights(builder, weight, bytes: snn_gemm_packed_size(outFeatures, inFeatures)) {
                snn_gemm_pack_b(
                    outFeatures, inFeatures, false, inFeatures, snn_feature_order(channels: 1, spatial: outFeatures),
                    $0, $1)
            } : nil
        gradientOfWeights =
            output.gradient != nil
            ? WeightGradient(builder, weight: weight, bias: bias, rows: rows, order: order) : nil
    }

    func fuse(_ activation: Activation) -> Bool { fused.fuse(activation) }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer, forwardWorkspace] }
    var backwardBuffers: [Buffer] {
        fused.backwardBuffers + (gradientOfWeights?.buffers ?? [])
            + [input.buffer, input.gradient, backwardWorkspace, logicalGradient].compactMap { $0 }
    }

    func forward(step: Int) {
        let packed = forwardWeights.upToDate()
        withEpilogue(bias: bias, activation: fused.kernel) { epilogue in
            snn_gemm_packed(
                &forwardShape, input.buffer.floats, packed, epilogue, output.buffer.floats, forwardWorkspace.bytes)
        }
    }

    func backward() {
        guard let dy = fused.gradientBeforeActivation() else { return }
        gradientOfWeights?.compute(input: input.buffer.floats, outputGradient: dy)
        guard let dx = input.gradient, let backwardWeights, let backwardWorkspace else { return }
        let target = logicalGradient ?? dx
        snn_gemm_packed(&backwardShape, dy, backwardWeights.upToDate(), nil, target.floats, backwardWorkspace.bytes)
        if logicalGradient != nil { snn_transpose(rows, order.channels, order.spatial, target.floats, dx.floats) }
    }
}

/// dW = dyᵀ x and db = the column sums of dy.
private final class WeightGradient {
    private let weight: Parameter, bias: Parameter?
    private let rows: Int
    private let order: snn_feature_order
    private let workspace: Buffer
    private let biasWorkspace: Buffer
    /// dW in the order of the input's memory, and in logical order, where these differ.
    private let reordering: (memory: Buffer, logical: Buffer)?
    private var shape: snn_gemm_shape

    init(_ builder: PlanBuilder, weight: Parameter, bias: Parameter?, rows: Int, order: snn_feature_order) {
        (self.weight, self.bias, self.rows, self.order) = (weight, bias, rows, order)
        let (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        shape = snn_gemm_shape(
            m: outFeatures, n: inFeatures, k: rows, transpose_a: true, transpose_b: false, lda: outFeatures,
            ldb: inFeatures, ldc: inFeatures, alpha: 1, beta: 0)
        workspace = builder.makeBuffer(bytes: snn_gemm_workspace_size(&shape))
        biasWorkspace = builder.makeBuffer(bytes: snn_column_sums_workspace_size(rows, outFeatures))
        reordering =
            order.channels == 1
            ? nil : (builder.makeBuffer(floats: weight.count), builder.makeBuffer(floats: weight.count))
    }

    var buffers: [Buffer] { [workspace, biasWorkspace, reordering?.memory, reordering?.logical].compactMap { $0 } }

    func compute(input: UnsafePointer<Float>, outputGradient dy: UnsafePointer<Float>) {
        if let bias, bias.requiresGradient {
            bias.withGradientForWriting { snn_column_sums(rows, bias.count, dy, $1, $0, biasWorkspace.bytes) }
        }
        guard weight.requiresGradient else { return }
        weight.withGradientForWriting { gradient, accumulate in
            guard let reordering else {
                shape.beta = accumulate ? 1 : 0
                return snn_gemm(&shape, dy, input, nil, gradient, workspace.bytes)
            }
            shape.beta = 0
            snn_gemm(&shape, dy, input, nil, reordering.memory.floats, workspace.bytes)
            let target = accumulate ? reordering.logical.floats : gradient
            snn_transpose(weight.shape[0], order.spatial, order.channels, reordering.memory.floats, target)
            if accumulate { snn_axpy(weight.count, 1, target, gradient) }
        }
    }
}
