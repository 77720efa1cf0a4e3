import CKernels

/// Batch norm of images [N, channels, H, W] (Ioffe & Szegedy 2015): y = (x − mean) / √(variance + epsilon) · weight + bias
/// for every channel, with the batch's statistics in training and the running ones otherwise.
public struct BatchNorm2d: StandaloneLayer {
    private let norm: BatchNormalization
    public let runner = LayerRunner()

    /// [channels]; nil where not affine.
    public var weight: Parameter? { norm.scale }
    /// [channels]; nil where not affine.
    public var bias: Parameter? { norm.shift }
    /// [channels]; not learned but moved by each training pass.
    public var runningMean: Parameter { norm.runningMean }
    /// [channels]; as the mean. Of unbiased variances.
    public var runningVariance: Parameter { norm.runningVariance }

    /// - Parameters:
    ///   - epsilon: added to the variance, under the root.
    ///   - momentum: running = (1 − momentum) · running + momentum · batch, the variance unbiased.
    ///   - affine: whether a scale (weight) and a shift (bias) are learned.
    public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true) {
        norm = BatchNormalization(channels, epsilon: epsilon, momentum: momentum, affine: affine)
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try norm.build(builder, input, ranks: [4], expected: "[N, \(norm.channels), H, W]")
    }

    public var namedParameters: [NamedParameter] { norm.namedParameters }
    public var description: String { "BatchNorm2d(\(norm.channels))" }
}

/// Batch norm of features [N, channels] or sequences [N, channels, L]; see `BatchNorm2d`.
public struct BatchNorm1d: StandaloneLayer {
    private let norm: BatchNormalization
    public let runner = LayerRunner()

    /// [channels]; nil where not affine.
    public var weight: Parameter? { norm.scale }
    /// [channels]; nil where not affine.
    public var bias: Parameter? { norm.shift }
    /// [channels]; not learned but moved by each training pass.
    public var runningMean: Parameter { norm.runningMean }
    /// [channels]; as the mean. Of unbiased variances.
    public var runningVariance: Parameter { norm.runningVariance }

    /// See `BatchNorm2d`.
    public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true) {
        norm = BatchNormalization(channels, epsilon: epsilon, momentum: momentum, affine: affine)
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try norm.build(builder, input, ranks: [2, 3], expected: "[N, \(norm.channels)] or [N, \(norm.channels), L]")
    }

    public var namedParameters: [NamedParameter] { norm.namedParameters }
    public var description: String { "BatchNorm1d(\(norm.channels))" }
}

/// What the batch norms of all shapes share.
private struct BatchNormalization {
    let channels: Int
    let epsilon: Float, momentum: Float
    let scale: Parameter?, shift: Parameter?
    let runningMean: Parameter, runningVariance: Parameter

    init(_ channels: Int, epsilon: Float, momentum: Float, affine: Bool) {
        precondition(channels > 0, "BatchNorm: channels must be positive, got \(channels)")
        (self.channels, self.epsilon, self.momentum) = (channels, epsilon, momentum)
        scale = affine ? Parameter([channels], .ones) : nil
        shift = affine ? Parameter([channels], .zeros) : nil
        runningMean = Parameter([channels], .zeros, requiresGradient: false)
        runningVariance = Parameter([channels], .ones, requiresGradient: false)
    }

    var namedParameters: [NamedParameter] {
        [("weight", scale), ("bias", shift), ("running_mean", runningMean), ("running_var", runningVariance)]
            .compactMap { name, parameter in parameter.map { NamedParameter(name, $0) } }
    }

    func build(_ builder: PlanBuilder, _ input: Value, ranks: [Int], expected: String) throws -> Value {
        try builder.require(
            ranks.contains(input.shape.count) && input.shape[1] == channels, expected: expected, got: input.shape)
        let rows = input.count / channels
        try builder.require(
            builder.mode == .inference || rows != 1, expected: "more than one value per channel in training",
            got: input.shape)
        let usesBatch = builder.mode == .training && !runningMean.isFrozen
        if !usesBatch, let output = builder.fold(fixed, into: input) { return output }
        let input = builder.channelsInnermost(input)
        let output = builder.makeValue(
            input.shape, input.order, input.format, from: input, parameters: namedParameters.map(\.parameter))
        let operation: any Operation =
            usesBatch
            ? BatchNormTrainingOperation(builder, self, input: input, output: output)
            : BatchNormInferenceOperation(builder, self, input: input, output: output)
        return builder.add(operation, output)
    }

    fileprivate var fixed: FixedNorm {
        FixedNorm(scale: scale, shift: shift, mean: runningMean, variance: runningVariance, epsilon: epsilon)
    }

    func shape(_ input: Value, _ precision: Precision) -> snn_norm_shape {
        snn_norm_shape(
            rows: input.count / channels, channels: channels, epsilon: epsilon, numbers: input.format.kernel(precision))
    }
}

extension Parameter? {
    /// The parameter where it is learned.
    fileprivate var learned: Parameter? { flatMap { $0.requiresGradient ? $0 : nil } }
}

/// Calls `body` with the gradients of a scale and a shift, nil where one is absent or frozen, and whether to add to them
/// (or else to overwrite them).
func withNormGradients<R>(
    scale: Parameter?, shift: Parameter?,
    _ body: (_ scale: UnsafeMutablePointer<Float>?, _ shift: UnsafeMutablePointer<Float>?, _ accumulate: Bool) -> R
) -> R {
    let (scale, shift) = (scale.learned, shift.learned)
    // Both are treated alike: where one has a gradient already, the other starts at zero.
    if scale?.hasGradient == true || shift?.hasGradient == true {
        scale?.zeroGradientIfCleared()
        shift?.zeroGradientIfCleared()
    }
    func withShift(_ dscale: UnsafeMutablePointer<Float>?, _ accumulate: Bool) -> R {
        guard let shift else { return body(dscale, nil, accumulate) }
        return shift.withGradientForWriting { body(dscale, $0, $1) }
    }
    guard let scale else { return withShift(nil, false) }
    return scale.withGradientForWriting(withShift)
}

/// What both ways to normalise have in common: another value is added and an activation applied in the same pass.
private class BatchNormOperation {
    fileprivate let norm: BatchNormalization
    fileprivate var shape: snn_norm_shape
    fileprivate let input: Value, output: Value
    fileprivate private(set) var addend: Value?
    let fused: FusedActivation
    /// One whose derivative comes from the norm's input, at no cost; `fused` has the one of a sum.
    private var ownActivation = Activation.identity

    init(_ builder: PlanBuilder, _ norm: BatchNormalization, input: Value, output: Value) {
        (self.norm, self.input, self.output) = (norm, input, output)
        shape = norm.shape(input, builder.precision)
        fused = FusedActivation(output: output, builder)
        output.buffer.isRounded = true
        input.gradient?.isRounded = true
    }

    func add(_ addend: Value) -> Bool {
        guard self.addend == nil else { return false }
        self.addend = addend
        return true
    }

    func fuse(_ activation: Activation, of value: Value, _ builder: PlanBuilder) -> Value? {
        guard addend == nil else { return fused.fuse(activation, of: value, builder) }
        guard ownActivation == .identity else { return nil }
        ownActivation = activation
        return value.with(gradient: value.gradient)
    }

    fileprivate var forwardActivation: snn_activation { addend == nil ? ownActivation.kernel : fused.kernel }
    fileprivate var backwardActivation: snn_activation { ownActivation.kernel }
    /// In front of a sum's activation, behind one of its own.
    fileprivate var outputGradient: Buffer? { fused.gradientInFront() }
    fileprivate var forwardTensors: [Buffer] { [input.buffer, addend?.buffer, output.buffer].compactMap { $0 } }
    fileprivate var backwardTensors: [Buffer] {
        fused.backwardBuffers + [input.buffer, input.gradient].compactMap { $0 }
    }
}

private final class BatchNormTrainingOperation: BatchNormOperation, SumFusing {
    /// Of the batch: four rows of as many numbers as there are channels.
    private let statistics: Buffer
    private let workspace: Buffer

    override init(_ builder: PlanBuilder, _ norm: BatchNormalization, input: Value, output: Value) {
        statistics = builder.makeBuffer(floats: 4 * norm.channels)
        var shape = norm.shape(input, builder.precision)
        workspace = builder.makeBuffer(bytes: snn_batch_norm_workspace_size(&shape))
        super.init(builder, norm, input: input, output: output)
    }

    private var batch: snn_batch_norm_statistics {
        let row = { [channels = norm.channels] in self.statistics.floats + $0 * channels }
        return snn_batch_norm_statistics(mean: row(0), inverse_deviation: row(1), factor: row(2), offset: row(3))
    }

    var forwardBuffers: [Buffer] { forwardTensors + [statistics, workspace] }
    var backwardBuffers: [Buffer] { backwardTensors + [statistics, workspace] }

    func forward(step: Int) {
        var batch = batch
        norm.scale.withOptionalValue { scale in
            norm.shift.withOptionalValue { shift in
                norm.runningMean.withValueForWriting { runningMean in
                    norm.runningVariance.withValueForWriting { runningVariance in
                        snn_batch_norm_forward_training(
                            &shape, input.buffer.bytes, scale, shift, addend?.buffer.bytes, forwardActivation,
                            norm.momentum, runningMean, runningVariance, &batch, output.buffer.bytes, workspace.bytes)
                    }
                }
            }
        }
    }

    func backward() {
        guard let dy = outputGradient else { return }
        var batch = batch
        withNormGradients(scale: norm.scale, shift: norm.shift) { dscale, dshift, accumulate in
            snn_batch_norm_backward(
                &shape, input.buffer.bytes, dy.bytes, &batch, backwardActivation, accumulate, input.gradient?.bytes,
                dscale, dshift, workspace.bytes)
        }
    }
}

/// Its statistics are constants: in inference, and in training where they are frozen.
private final class BatchNormInferenceOperation: BatchNormOperation, SumFusing {
    private let workspace: Buffer?

    override init(_ builder: PlanBuilder, _ norm: BatchNormalization, input: Value, output: Value) {
        var shape = norm.shape(input, builder.precision)
        workspace = output.gradient.map { _ in builder.makeBuffer(bytes: snn_batch_norm_workspace_size(&shape)) }
        super.init(builder, norm, input: input, output: output)
    }

    var forwardBuffers: [Buffer] { forwardTensors }
    var backwardBuffers: [Buffer] { backwardTensors + (workspace.map { [$0] } ?? []) }

    func forward(step: Int) {
        norm.fixed.withValues { values in
            snn_batch_norm_forward_inference(
                &shape, input.buffer.bytes, values.scale, values.shift, values.mean, values.variance,
                addend?.buffer.bytes, forwardActivation, output.buffer.bytes)
        }
    }

    func backward() {
        guard let dy = outputGradient, let workspace else { return }
        withNormGradients(scale: norm.scale, shift: norm.shift) { dscale, dshift, accumulate in
            norm.fixed.withValues { values in
                snn_batch_norm_backward_inference(
                    &shape, input.buffer.bytes, dy.bytes, values.scale, values.shift, values.mean, values.variance,
                    backwardActivation, accumulate, input.gradient?.bytes, dscale, dshift, workspace.bytes)
            }
        }
    }
}
