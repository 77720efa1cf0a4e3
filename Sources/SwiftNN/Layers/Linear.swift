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
    private let rows: Int
    private let order: snn_feature_order
    private let fused: FusedActivation
    private let product: ProductWithWeights
    private let gradientOfInput: ProductWithWeights?
    private let gradientOfWeights: WeightGradient?
    /// dx in logical order, where the input is not.
    private let logicalGradient: Buffer?

    init(_ builder: PlanBuilder, _ layer: Linear, input: Value, output: Value) {
        (weight, bias) = (layer.weight, layer.bias)
        (self.input, self.output) = (input, output)
        let (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        rows = input.count / inFeatures
        let order = input.order.featureOrder(features: inFeatures)
        self.order = order
        fused = FusedActivation(output: output, builder)
        let isRounded = builder.precision == .bfloat16
        output.buffer.isRounded = true
        input.gradient?.isRounded = true

        // y = x Wᵀ
        product = ProductWithWeights(
            builder, weight, order: order,
            snn_gemm_shape(
                m: rows, n: outFeatures, k: inFeatures, transpose_a: false, transpose_b: true, lda: inFeatures,
                ldb: inFeatures, ldc: outFeatures, alpha: 1, beta: 0, bfloat16: isRounded, rounds: isRounded))

        // dx = dy W
        let hasGradient = input.gradient != nil
        let reorders = hasGradient && input.order != .contiguous
        logicalGradient = reorders ? builder.makeBuffer(floats: input.count) : nil
        gradientOfInput =
            hasGradient
            ? ProductWithWeights(
                builder, weight, order: snn_feature_order(channels: 1, spatial: outFeatures),
                snn_gemm_shape(
                    m: rows, n: inFeatures, k: outFeatures, transpose_a: false, transpose_b: false, lda: outFeatures,
                    ldb: inFeatures, ldc: inFeatures, alpha: 1, beta: 0, bfloat16: isRounded, rounds: isRounded))
            : nil
        gradientOfWeights =
            output.gradient != nil
            ? WeightGradient(builder, weight: weight, bias: bias, rows: rows, order: order) : nil
    }

    func fuse(_ activation: Activation) -> Bool { fused.fuse(activation) }

    func handOverDerivative() -> Activation? { fused.handOverDerivative() }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer, product.workspace] }
    var backwardBuffers: [Buffer] {
        fused.backwardBuffers + (gradientOfWeights?.buffers ?? [])
            + [input.buffer, input.gradient, gradientOfInput?.workspace, logicalGradient].compactMap { $0 }
    }

    func forward(step: Int) {
        withEpilogue(bias: bias, activation: fused.kernel) {
            product.compute(input.buffer.floats, epilogue: $0, into: output.buffer.floats)
        }
    }

    func backward() {
        guard let dy = fused.gradientBeforeActivation()?.floats else { return }
        gradientOfWeights?.compute(input: input.buffer.floats, outputGradient: dy)
        guard let dx = input.gradient, let gradientOfInput else { return }
        let target = logicalGradient ?? dx
        gradientOfInput.compute(dy, epilogue: nil, into: target.floats)
        if logicalGradient != nil { snn_transpose(rows, order.channels, order.spatial, target.floats, dx.floats) }
    }
}

/// A product with the weights of a layer. In training, where they change with every step, they are packed in the course of
/// each product, as far as it needs that; otherwise once, as are those that are rounded or reordered besides.
private final class ProductWithWeights {
    let workspace: Buffer
    private let weight: Parameter
    private let packed: PackedWeights?
    private var shape: snn_gemm_shape

    init(_ builder: PlanBuilder, _ weight: Parameter, order: snn_feature_order, _ shape: snn_gemm_shape) {
        (self.weight, self.shape) = (weight, shape)
        if builder.mode == .training && order.channels == 1 && builder.precision == .float32 {
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
            ldb: inFeatures, ldc: inFeatures, alpha: 1, beta: 0, bfloat16: builder.precision == .bfloat16,
            rounds: false)
        workspace = builder.makeBuffer(bytes: snn_gemm_workspace_size(&shape))
        biasWorkspace = builder.makeBuffer(bytes: snn_column_sums_workspace_size(rows, outFeatures))
        reordering =
            order.channels == 1
            ? nil : (builder.makeBuffer(floats: weight.count), builder.makeBuffer(floats: weight.count))
    }

    var buffers: [Buffer] { [workspace, biasWorkspace, reordering?.memory, reordering?.logical].compactMap { $0 } }

    func compute(input: UnsafePointer<Float>, outputGradient dy: UnsafePointer<Float>) {
        if let bias, bias.requiresGradient {
            bias.withGradientForWriting {
                snn_column_sums(rows, bias.count, SNN_FLOAT32, dy, $1, $0, biasWorkspace.bytes)
            }
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
