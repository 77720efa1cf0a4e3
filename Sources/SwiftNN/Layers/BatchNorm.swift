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

/// What both ways to normalise have in common: an activation that is applied in the same pass.
private class BatchNormOperation {
    fileprivate let norm: BatchNormalization
    fileprivate var shape: snn_norm_shape
    fileprivate let input: Value, output: Value
    fileprivate var activation = Activation.identity

    init(_ norm: BatchNormalization, _ precision: Precision, input: Value, output: Value) {
        (self.norm, self.input, self.output) = (norm, input, output)
        shape = norm.shape(input, precision)
        output.buffer.isRounded = true
        input.gradient?.isRounded = true
    }

    func fuse(_ activation: Activation) -> Bool {
        guard self.activation == .identity else { return false }
        self.activation = activation
        return true
    }
}

private final class BatchNormTrainingOperation: BatchNormOperation, ActivationFusing {
    /// Of the batch: four rows of as many numbers as there are channels.
    private let statistics: Buffer
    private let workspace: Buffer

    init(_ builder: PlanBuilder, _ norm: BatchNormalization, input: Value, output: Value) {
        statistics = builder.makeBuffer(floats: 4 * norm.channels)
        var shape = norm.shape(input, builder.precision)
        workspace = builder.makeBuffer(bytes: snn_batch_norm_workspace_size(&shape))
        super.init(norm, builder.precision, input: input, output: output)
    }

    private var batch: snn_batch_norm_statistics {
        let row = { [channels = norm.channels] in self.statistics.floats + $0 * channels }
        return snn_batch_norm_statistics(mean: row(0), inverse_deviation: row(1), factor: row(2), offset: row(3))
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer, statistics, workspace] }
    var backwardBuffers: [Buffer] {
        [input.buffer, statistics, workspace, input.gradient, output.gradient].compactMap { $0 }
    }

    func forward(step: Int) {
        var batch = batch
        norm.scale.withOptionalValue { scale in
            norm.shift.withOptionalValue { shift in
                norm.runningMean.withValueForWriting { runningMean in
                    norm.runningVariance.withValueForWriting { runningVariance in
                        snn_batch_norm_forward_training(
                            &shape, input.buffer.bytes, scale, shift, activation.kernel, norm.momentum, runningMean,
                            runningVariance, &batch, output.buffer.bytes, workspace.bytes)
                    }
                }
            }
        }
    }

    func backward() {
        guard let dy = output.gradient else { return }
        var batch = batch
        withNormGradients(scale: norm.scale, shift: norm.shift) { dscale, dshift, accumulate in
            snn_batch_norm_backward(
                &shape, input.buffer.bytes, dy.bytes, &batch, activation.kernel, accumulate, input.gradient?.bytes,
                dscale, dshift, workspace.bytes)
        }
    }
}

/// Its statistics are constants: in inference, and in training where they are frozen.
private final class BatchNormInferenceOperation: BatchNormOperation, ActivationFusing {
    private let workspace: Buffer?

    init(_ builder: PlanBuilder, _ norm: BatchNormalization, input: Value, output: Value) {
        var shape = norm.shape(input, builder.precision)
        workspace = output.gradient.map { _ in builder.makeBuffer(bytes: snn_batch_norm_workspace_size(&shape)) }
        super.init(norm, builder.precision, input: input, output: output)
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { [input.buffer, input.gradient, output.gradient, workspace].compactMap { $0 } }

    func forward(step: Int) {
        norm.fixed.withValues { values in
            snn_batch_norm_forward_inference(
                &shape, input.buffer.bytes, values.scale, values.shift, values.mean, values.variance,
                activation.kernel, output.buffer.bytes)
        }
    }

    func backward() {
        guard let dy = output.gradient, let workspace else { return }
        withNormGradients(scale: norm.scale, shift: norm.shift) { dscale, dshift, accumulate in
            norm.fixed.withValues { values in
                snn_batch_norm_backward_inference(
                    &shape, input.buffer.bytes, dy.bytes, values.scale, values.shift, values.mean, values.variance,
                    activation.kernel, accumulate, input.gradient?.bytes, dscale, dshift, workspace.bytes)
            }
        }
    }
}
