import CKernels

/// What training makes small. Built in are `CrossEntropyLoss`, `MSELoss` and `BCEWithLogitsLoss`; write your own as a
/// `LabelLoss` or a `ValueLoss`.
public protocol Loss {
    /// What the loss of a batch is of those of its samples; the mean, where a loss of your own does not say otherwise.
    var reduction: Reduction { get }

    /// Makes room for the targets of a model whose output has the given shape.
    ///
    /// - Throws: `ShapeError` where the loss cannot take such an output.
    func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot

    /// The operation that computes the loss and the gradient of its input.
    ///
    /// - Parameters:
    ///   - prediction: the model's output.
    ///   - targets: what `makeTargets` returned for its shape.
    /// - Throws: `ShapeError` where the loss cannot take such an output.
    func makeOperation(prediction: Value, targets: TargetSlot, _ builder: PlanBuilder) throws -> any LossOperation
}

extension Loss {
    public var reduction: Reduction { .mean }

    /// The mean loss of a batch's samples, from the loss of the batch.
    func perSample(_ value: Double, of batch: Batch) -> Double {
        reduction == .sum ? value / Double(max(batch.count, 1)) : value
    }
}

/// Computes the loss, and in training the gradient of the prediction with it, in its forward pass.
public protocol LossOperation: Operation {
    /// The loss of the last forward pass.
    var value: Double { get }
}

/// A loss of your own on rows of numbers and a class label for each row.
public protocol LabelLoss: Loss {
    /// Returns the loss of a batch and writes its gradient.
    ///
    /// - Parameters:
    ///   - prediction: [rows, classes], as is the gradient.
    ///   - labels: one of 0 ..< classes for each row.
    ///   - gradient: every element is to be written.
    func evaluate(
        _ prediction: Span<Float>, classes: Int, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> Double
}

/// A loss of your own on as many target numbers as the model puts out.
public protocol ValueLoss: Loss {
    /// Returns the loss of a batch and writes its gradient.
    ///
    /// - Parameters:
    ///   - shape: of the prediction, the targets and the gradient.
    ///   - gradient: every element is to be written.
    func evaluate(
        _ prediction: Span<Float>, targets: Span<Float>, shape: [Int], gradient: inout MutableSpan<Float>
    ) -> Double
}

extension LabelLoss {
    public func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot {
        try TargetSlot.labels(for: shape, builder, loss: "\(Self.self)")
    }

    public func makeOperation(
        prediction: Value, targets: TargetSlot, _ builder: PlanBuilder
    ) throws -> any LossOperation {
        CustomLossOperation(builder, prediction) { prediction, gradient in
            let classes = targets.shape.last ?? 1
            let labels = UnsafeBufferPointer(start: targets.labels, count: prediction.count / classes).span
            return evaluate(prediction, classes: classes, labels: labels, gradient: &gradient)
        }
    }
}

extension ValueLoss {
    public func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot {
        TargetSlot(shape: shape, kind: .values, builder)
    }

    public func makeOperation(
        prediction: Value, targets: TargetSlot, _ builder: PlanBuilder
    ) throws -> any LossOperation {
        CustomLossOperation(builder, prediction) { prediction, gradient in
            let values = targets.buffer.elements(prediction.count).span
            return evaluate(prediction, targets: values, shape: targets.shape, gradient: &gradient)
        }
    }
}

private final class CustomLossOperation: LossOperation {
    private let prediction: Value
    private let unusedGradient: Buffer?
    private let evaluate: (Span<Float>, inout MutableSpan<Float>) -> Double
    private(set) var value = Double.nan

    init(
        _ builder: PlanBuilder, _ prediction: Value,
        evaluate: @escaping (Span<Float>, inout MutableSpan<Float>) -> Double
    ) {
        (self.prediction, self.evaluate) = (prediction, evaluate)
        unusedGradient = prediction.gradient == nil ? builder.makeBuffer(floats: prediction.count) : nil
    }

    var forwardBuffers: [Buffer] { [prediction.buffer, prediction.gradient, unusedGradient].compactMap { $0 } }

    func forward(step: Int) {
        guard let buffer = prediction.gradient ?? unusedGradient else { return }
        var gradient = buffer.elements(prediction.count).mutableSpan
        value = evaluate(prediction.buffer.elements(prediction.count).span, &gradient)
    }
}

/// A built-in loss: a kernel call.
final class KernelLossOperation: LossOperation {
    typealias Kernel = (
        _ prediction: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>?,
        _ workspace: UnsafeMutableRawPointer
    ) -> Double

    private let prediction: Value
    private let workspace: Buffer
    private let kernel: Kernel
    private(set) var value = Double.nan

    init(_ builder: PlanBuilder, _ prediction: Value, kernel: @escaping Kernel) {
        (self.prediction, self.kernel) = (prediction, kernel)
        let classes = prediction.shape.last ?? 1
        workspace = builder.makeBuffer(bytes: snn_loss_workspace_size(prediction.count / max(classes, 1), classes))
    }

    var forwardBuffers: [Buffer] { [prediction.buffer, prediction.gradient, workspace].compactMap { $0 } }

    func forward(step: Int) {
        value = kernel(prediction.buffer.floats, prediction.gradient?.floats, workspace.bytes)
    }
}

/// How the losses of a batch, of its rows or elements, become one number. The losses in `EpochRecord` and `Evaluation` are
/// means over the samples in either case.
public enum Reduction: Sendable {
    case mean, sum

    /// What the sum over `count` terms is multiplied with.
    func scale(count: Int) -> Float { self == .sum || count == 0 ? 1 : 1 / Float(count) }
}
