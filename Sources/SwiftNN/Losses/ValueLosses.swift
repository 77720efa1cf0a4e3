import CKernels

/// (x − t)², averaged over all elements.
public struct MSELoss: Loss, Sendable {
    public let reduction: Reduction

    public init(reduction: Reduction = .mean) { self.reduction = reduction }

    public func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot {
        TargetSlot(shape: shape, kind: .values, builder)
    }

    public func makeOperation(
        prediction: Value, targets: TargetSlot, _ builder: PlanBuilder
    ) throws -> any LossOperation {
        let (count, scale) = (prediction.count, reduction.scale(count: prediction.count))
        return KernelLossOperation(builder, prediction) {
            snn_mse(count, scale, $0, targets.buffer.floats, $1, $2)
        }
    }
}

/// Binary cross-entropy of σ(x) from the logits x: max(x, 0) − x t + log(1 + e^−|x|), averaged over all elements.
public struct BCEWithLogitsLoss: Loss, Sendable {
    public let reduction: Reduction

    public init(reduction: Reduction = .mean) { self.reduction = reduction }

    public func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot {
        TargetSlot(shape: shape, kind: .values, builder)
    }

    public func makeOperation(
        prediction: Value, targets: TargetSlot, _ builder: PlanBuilder
    ) throws -> any LossOperation {
        let (count, scale) = (prediction.count, reduction.scale(count: prediction.count))
        return KernelLossOperation(builder, prediction) {
            snn_bce_with_logits(count, scale, $0, targets.buffer.floats, $1, $2)
        }
    }
}
