import CKernels

/// What the convolution layers of one and two dimensions share; a sequence is an image of height 1.
struct Convolution {
    let weight: Parameter
    let bias: Parameter?
    let inChannels: Int, outChannels: Int
    let kernel: SpatialSize, stride: SpatialSize, dilation: SpatialSize
    let padding: Padding
    let groups: Int

    init(
        _ inChannels: Int, _ outChannels: Int, kernel: SpatialSize, weightShape: [Int], stride: SpatialSize,
        padding: Padding, dilation: SpatialSize, groups: Int, bias: Bool, initializer: Initializer,
        biasInitializer: Initializer?
    ) {
        precondition(
            groups > 0 && inChannels % groups == 0 && outChannels % groups == 0 && inChannels > 0 && outChannels > 0,
            "Conv: \(inChannels) and \(outChannels) channels must be positive and divisible by \(groups) groups")
        precondition(
            [kernel, stride, dilation].allSatisfy { $0.height > 0 && $0.width > 0 },
            "Conv: kernel size, stride and dilation must be positive")
        (self.inChannels, self.outChannels, self.kernel, self.stride) = (inChannels, outChannels, kernel, stride)
        (self.padding, self.dilation, self.groups) = (padding, dilation, groups)
        weight = Parameter(weightShape, initializer)
        self.bias = bias ? Parameter([outChannels], biasInitializer ?? .pytorchBias(besideWeights: weightShape)) : nil
    }

    var namedParameters: [NamedParameter] {
        [NamedParameter("weight", weight)] + (bias.map { [NamedParameter("bias", $0)] } ?? [])
    }

    /// The kernels' shape for an input of [batch, channels, height, width].
    private func shape(batch: Int, height: Int, width: Int, _ precision: Precision) -> snn_conv_shape {
        let reach = SpatialSize(dilation.height * (kernel.height - 1), dilation.width * (kernel.width - 1))
        let pad = padding.resolved(reach: reach)
        return snn_conv_shape(
            batch: batch, in_height: height, in_width: width, in_channels: inChannels, out_channels: outChannels,
            kernel_height: kernel.height, kernel_width: kernel.width, stride_height: stride.height,
            stride_width: stride.width, dilation_height: dilation.height, dilation_width: dilation.width,
            pad_top: pad.top, pad_bottom: pad.bottom, pad_left: pad.left, pad_right: pad.right, groups: groups,
            bfloat16: precision == .bfloat16)
    }

    /// - Parameter dimensions: 1 for [N, C, L], 2 for [N, C, H, W].
    func build(_ builder: PlanBuilder, _ input: Value, dimensions: Int) throws -> Value {
        let expected = dimensions == 1 ? "[N, \(inChannels), L]" : "[N, \(inChannels), H, W]"
        try builder.require(
            input.shape.count == dimensions + 2 && input.shape[1] == inChannels, expected: expected, got: input.shape)
        try builder.require(
            padding != .same || stride == 1,
            expected: "stride 1 with padding .same (a stride of \(stride) cannot keep the size)", got: input.shape)
        let (height, width) = dimensions == 1 ? (1, input.shape[2]) : (input.shape[2], input.shape[3])
        var shape = shape(batch: input.shape[0], height: height, width: width, builder.precision)
        let (outHeight, outWidth) = (snn_conv_out_height(&shape), snn_conv_out_width(&shape))
        try builder.require(
            outHeight > 0 && outWidth > 0, expected: "an image no smaller than the kernel of \(kernel)",
            got: input.shape)
        let input = builder.converted(
            builder.channelsLast(input), to: NumberFormat(snn_conv_input_format(&shape)))
        let spatial = dimensions == 1 ? [outWidth] : [outHeight, outWidth]
        let output = builder.makeValue(
            [shape.batch, outChannels] + spatial, .channelsLast, NumberFormat(snn_conv_output_format(&shape)),
            from: input, parameters: namedParameters.map(\.parameter))
        builder.count(
            multiplyAdds: output.count * weight.shape.dropFirst().product, weight: weight, input: input)
        return builder.add(ConvolutionOperation(builder, self, shape, input: input, output: output), output)
    }

    func describe(_ name: String, _ size: (SpatialSize) -> String) -> String {
        var text = "\(name)(\(inChannels), \(outChannels), kernelSize: \(size(kernel))"
        if stride.height != 1 || stride.width != 1 { text += ", stride: \(size(stride))" }
        if padding != .valid { text += ", padding: \(padding)" }
        if dilation.height != 1 || dilation.width != 1 { text += ", dilation: \(size(dilation))" }
        if groups != 1 { text += ", groups: \(groups)" }
        if bias == nil { text += ", bias: false" }
        return text + ")"
    }
}

private final class ConvolutionOperation: ActivationFusing, NormFolding {
    private let weight: Parameter, bias: Parameter?
    private var shape: snn_conv_shape
    private let input: Value, output: Value
    private let rows: Int
    let fused: FusedActivation
    private var norm: FoldedNorm?
    private let forwardWeights: PackedWeights
    private let backwardWeights: PackedWeights?
    private let forwardWorkspace: Buffer
    private let dataWorkspace: Buffer?, weightsWorkspace: Buffer?, biasWorkspace: Buffer?

    init(_ builder: PlanBuilder, _ layer: Convolution, _ shape: snn_conv_shape, input: Value, output: Value) {
        (weight, bias, self.shape) = (layer.weight, layer.bias, shape)
        (self.input, self.output) = (input, output)
        rows = output.count / layer.outChannels
        fused = FusedActivation(output: output, builder)
        output.buffer.isRounded = true
        input.gradient?.isRounded = true
        var shape = shape
        forwardWeights = PackedWeights(builder, weight, bytes: snn_conv_packed_size(&shape)) { [shape] in
            var shape = shape
            snn_conv_pack(&shape, $0, $1)
        }
        forwardWorkspace = builder.makeBuffer(bytes: snn_conv_forward_workspace_size(&shape))
        let (propagates, learns) = (input.gradient != nil, output.gradient != nil)
        backwardWeights =
            propagates
            ? PackedWeights(builder, weight, bytes: snn_conv_packed_transposed_size(&shape)) { [shape] in
                var shape = shape
                snn_conv_pack_transposed(&shape, $0, $1)
            } : nil
        dataWorkspace = propagates ? builder.makeBuffer(bytes: snn_conv_backward_data_workspace_size(&shape)) : nil
        weightsWorkspace = learns ? builder.makeBuffer(bytes: snn_conv_backward_weights_workspace_size(&shape)) : nil
        biasWorkspace =
            learns ? builder.makeBuffer(bytes: snn_column_sums_workspace_size(rows, layer.outChannels)) : nil
    }

    func fold(_ norm: FixedNorm, _ builder: PlanBuilder) -> Bool {
        guard output.gradient == nil, self.norm == nil, output.shape[1] == norm.mean.count else { return false }
        self.norm = FoldedNorm(builder, norm, weight: weight, bias: bias)
        forwardWeights.norm = self.norm
        return true
    }

    var forwardBuffers: [Buffer] {
        [input.buffer, output.buffer, forwardWorkspace] + (norm.map { [$0.scratch] } ?? [])
    }
    var backwardBuffers: [Buffer] {
        fused.backwardBuffers
            + [input.buffer, input.gradient, dataWorkspace, weightsWorkspace, biasWorkspace].compactMap { $0 }
    }

    func forward(step: Int) {
        let packed = forwardWeights.upToDate()
        withEpilogue(bias: bias, norm: norm, activation: fused.kernel) { epilogue in
            snn_conv_forward(&shape, input.buffer.bytes, packed, epilogue, output.buffer.bytes, forwardWorkspace.bytes)
        }
    }

    func backward() {
        guard let dy = fused.gradientInFront(), let weightsWorkspace, let biasWorkspace else { return }
        if let bias, bias.requiresGradient {
            let format = output.format.kernel(.float32)
            bias.withGradientForWriting {
                snn_column_sums(rows, bias.count, format, dy.bytes, $1, $0, biasWorkspace.bytes)
            }
        }
        if weight.requiresGradient {
            weight.withGradientForWriting {
                snn_conv_backward_weights(&shape, input.buffer.bytes, dy.bytes, $1, $0, weightsWorkspace.bytes)
            }
        }
        guard let dx = input.gradient, let backwardWeights, let dataWorkspace else { return }
        snn_conv_backward_data(&shape, dy.bytes, backwardWeights.upToDate(), dx.bytes, dataWorkspace.bytes)
    }
}
