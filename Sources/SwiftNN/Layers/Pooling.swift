import CKernels

/// What the pooling layers of one and two dimensions share; a sequence is an image of height 1.
struct Pooling {
    enum Kind { case max, average }

    /// Which element of a window won is kept in 16 bits.
    private static let largestWindow = 1 << 16

    let kind: Kind
    /// nil for a window of the whole image.
    let kernel: SpatialSize?
    let stride: SpatialSize
    let padding: Padding
    let dilation: SpatialSize
    let ceilMode: Bool
    let countIncludePad: Bool

    init(
        kind: Kind, kernel: SpatialSize?, stride: SpatialSize, padding: Padding, dilation: SpatialSize = 1,
        ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        precondition(
            [kernel ?? 1, stride, dilation].allSatisfy { $0.height > 0 && $0.width > 0 },
            "Pool: kernel size, stride and dilation must be positive")
        (self.kind, self.kernel, self.stride, self.padding) = (kind, kernel, stride, padding)
        (self.dilation, self.ceilMode, self.countIncludePad) = (dilation, ceilMode, countIncludePad)
    }

    /// - Parameter dimensions: 1 for [N, C, L], 2 for [N, C, H, W].
    func build(_ builder: PlanBuilder, _ input: Value, dimensions: Int) throws -> Value {
        try builder.require(
            input.shape.count == dimensions + 2, expected: dimensions == 1 ? "[N, C, L]" : "[N, C, H, W]",
            got: input.shape)
        try builder.require(
            padding != .same || stride == 1,
            expected: "stride 1 with padding .same (a stride of \(stride) cannot keep the size)", got: input.shape)
        var shape = shape(of: input.shape, dimensions: dimensions)
        try builder.require(
            shape.kernel_height > 0 && shape.kernel_width > 0, expected: "an image that is not empty",
            got: input.shape)
        try builder.require(
            kind == .average || shape.kernel_height * shape.kernel_width <= Pooling.largestWindow,
            expected: "a window of at most \(Pooling.largestWindow) elements", got: input.shape)
        try builder.require(
            2 * Swift.max(shape.pad_top, shape.pad_bottom) <= shape.dilation_height * (shape.kernel_height - 1) + 1
                && 2 * Swift.max(shape.pad_left, shape.pad_right) <= shape.dilation_width * (shape.kernel_width - 1)
                    + 1,
            expected: "padding of at most half the window", got: input.shape)
        let (outHeight, outWidth) = (snn_pool_out_height(&shape), snn_pool_out_width(&shape))
        try builder.require(
            outHeight > 0 && outWidth > 0, expected: "an image no smaller than the window", got: input.shape)
        let input = builder.channelsLast(input)
        shape.numbers = input.format.kernel(.float32)
        let spatial = dimensions == 1 ? [outWidth] : [outHeight, outWidth]
        let output = builder.makeValue(
            [shape.batch, shape.channels] + spatial, .channelsLast, input.format, from: input)
        let operation: any Operation =
            switch kind {
            case .max: MaxPoolOperation(builder, shape, input: input, output: output)
            case .average: AveragePoolOperation(shape, input: input, output: output)
            }
        return builder.add(operation, output)
    }

    /// "MaxPool2d(3, stride: 2, padding: 1)"; `size` writes a size for the layer's dimensions.
    func describe(_ name: String, _ size: (SpatialSize) -> String) -> String {
        guard let kernel else { return "\(name)()" }
        var text = "\(name)(\(size(kernel))"
        if stride != kernel { text += ", stride: \(size(stride))" }
        if padding != .valid { text += ", padding: \(padding)" }
        if dilation.height != 1 || dilation.width != 1 { text += ", dilation: \(size(dilation))" }
        if ceilMode { text += ", ceilMode: true" }
        if !countIncludePad { text += ", countIncludePad: false" }
        return text + ")"
    }

    private func shape(of input: [Int], dimensions: Int) -> snn_pool_shape {
        let (height, width) = dimensions == 1 ? (1, input[2]) : (input[2], input[3])
        let kernel = kernel ?? SpatialSize(height, width)
        let reach = SpatialSize(dilation.height * (kernel.height - 1), dilation.width * (kernel.width - 1))
        let pad = padding.resolved(reach: reach)
        return snn_pool_shape(
            batch: input[0], in_height: height, in_width: width, channels: input[1], kernel_height: kernel.height,
            kernel_width: kernel.width, stride_height: stride.height, stride_width: stride.width,
            dilation_height: dilation.height, dilation_width: dilation.width, pad_top: pad.top, pad_bottom: pad.bottom,
            pad_left: pad.left, pad_right: pad.right, ceil_mode: ceilMode, count_include_pad: countIncludePad,
            numbers: SNN_FLOAT32)
    }
}

extension snn_pool_shape {
    /// Whether an element may lie in two windows.
    fileprivate var windowsOverlap: Bool {
        dilation_height * (kernel_height - 1) >= stride_height || dilation_width * (kernel_width - 1) >= stride_width
    }
}

private final class MaxPoolOperation: Operation {
    private var shape: snn_pool_shape
    private let input: Value, output: Value
    /// For every output, which element of its window won.
    private let winners: Buffer?
    /// Of what wrote the input. The winners alone have gradients, and the outputs are their values: the derivative is taken
    /// here, of fewer numbers.
    private let activation: Activation
    private let gradientBeforeActivation: Buffer?

    init(_ builder: PlanBuilder, _ shape: snn_pool_shape, input: Value, output: Value) {
        (self.shape, self.input, self.output) = (shape, input, output)
        winners = output.gradient == nil ? nil : builder.makeBuffer(bytes: output.count * MemoryLayout<UInt16>.stride)
        activation = builder.takeOverDerivative(of: input)
        gradientBeforeActivation = activation == .identity ? nil : builder.makeBuffer(output.count, output.format)
        // What is rounded stays so where it passes or not, and nothing is added up.
        output.buffer.isRounded = true
        if [.identity, .relu].contains(activation) && !shape.windowsOverlap { input.gradient?.isRounded = true }
    }

    private var argmax: UnsafeMutablePointer<UInt16>? { winners?.bytes.assumingMemoryBound(to: UInt16.self) }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] + (winners.map { [$0] } ?? []) }
    var backwardBuffers: [Buffer] {
        [winners, input.gradient, output.gradient].compactMap { $0 }
            + (gradientBeforeActivation.map { [output.buffer, $0] } ?? [])
    }

    func forward(step: Int) { snn_max_pool_forward(&shape, input.buffer.bytes, output.buffer.bytes, argmax) }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient, let argmax else { return }
        guard let before = gradientBeforeActivation else {
            return snn_max_pool_backward(&shape, dy.bytes, argmax, dx.bytes)
        }
        output.format.differentiate(activation, output.count, fromOutput: output.buffer, dy, into: before)
        snn_max_pool_backward(&shape, before.bytes, argmax, dx.bytes)
    }
}

private final class AveragePoolOperation: Operation {
    private var shape: snn_pool_shape
    private let input: Value, output: Value

    init(_ shape: snn_pool_shape, input: Value, output: Value) {
        (self.shape, self.input, self.output) = (shape, input, output)
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { [input.gradient, output.gradient].compactMap { $0 } }

    func forward(step: Int) { snn_average_pool_forward(&shape, input.buffer.floats, output.buffer.floats) }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        snn_average_pool_backward(&shape, dy.floats, dx.floats)
    }
}
