import CKernels

/// (x − t)², averaged over all elements.
public struct MSELoss: Loss, KernelValueLoss {
    /// The mean or the sum over all elements.
    public let reduction: Reduction

    public init(reduction: Reduction = .mean) { self.reduction = reduction }

    static let kernel: Kernel = snn_mse
}

/// Binary cross-entropy of σ(x) from the logits x: max(x, 0) − x t + log(1 + e^−|x|), averaged over all elements.
public struct BCEWithLogitsLoss: Loss, KernelValueLoss {
    /// The mean or the sum over all elements.
    public let reduction: Reduction

    public init(reduction: Reduction = .mean) { self.reduction = reduction }

    static let kernel: Kernel = snn_bce_with_logits
}

/// A loss of element by element against target values, computed by a kernel.
protocol KernelValueLoss: Loss, Sendable {
    typealias Kernel =
        @Sendable (
            _ count: Int, _ scale: Float, _ prediction: UnsafePointer<Float>?, _ targets: UnsafePointer<Float>?,
            _ gradient: UnsafeMutablePointer<Float>?, _ workspace: UnsafeMutableRawPointer?
        ) -> Double

    static var kernel: Kernel { get }
}

extension KernelValueLoss {
    public func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot {
        TargetSlot(shape: shape, kind: .values, builder)
    }

    public func makeOperation(
        prediction: Value, targets: TargetSlot, _ builder: PlanBuilder
    ) throws -> any LossOperation {
        let (count, scale) = (prediction.count, reduction.scale(count: prediction.count))
        return KernelLossOperation(builder, prediction) {
            Self.kernel(count, scale, $0, targets.buffer.floats, $1, $2)
        }
    }
}
