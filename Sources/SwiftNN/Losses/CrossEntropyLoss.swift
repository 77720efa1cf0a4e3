import CKernels

/// −Σ q log softmax(x) by log-sum-exp, averaged over rows: for logits [N, classes] (or [..., classes]).
///
/// With labels, q is (1 − s) · onehot + s / classes for label smoothing s (Szegedy et al. 2016); with target values, q are
/// the given probabilities (for example one-hot), smoothed the same way.
public struct CrossEntropyLoss: Loss, Sendable {
    /// What q is made from: a class label for every row, or a probability for every class of every row. In place of
    /// probabilities labels do as well: they stand for one-hot rows.
    public enum Targets: Sendable { case labels, probabilities }

    /// s of label smoothing, in 0 ..< 1; 0 for none.
    public let labelSmoothing: Float
    public let targets: Targets
    /// The mean or the sum over the rows.
    public let reduction: Reduction

    public init(labelSmoothing: Float = 0, targets: Targets = .labels, reduction: Reduction = .mean) {
        precondition(
            (0..<1).contains(labelSmoothing), "CrossEntropyLoss: smoothing must be in 0 ..< 1, not \(labelSmoothing)")
        (self.labelSmoothing, self.targets, self.reduction) = (labelSmoothing, targets, reduction)
    }

    public func makeTargets(for shape: [Int], _ builder: PlanBuilder) throws -> TargetSlot {
        switch targets {
        case .labels: try TargetSlot.labels(for: shape, builder, loss: "CrossEntropyLoss")
        case .probabilities: TargetSlot(shape: shape, kind: .probabilities(classes: shape.last ?? 1), builder)
        }
    }

    public func makeOperation(
        prediction: Value, targets: TargetSlot, _ builder: PlanBuilder
    ) throws -> any LossOperation {
        let classes = prediction.shape.last ?? 1
        let rows = prediction.count / max(classes, 1)
        let scale = reduction.scale(count: rows)
        return KernelLossOperation(builder, prediction) {
            [labelSmoothing, kind = self.targets] logits, gradient, workspace in
            switch kind {
            case .labels:
                snn_cross_entropy(rows, classes, labelSmoothing, scale, logits, targets.labels, gradient, workspace)
            case .probabilities:
                snn_cross_entropy_soft(
                    rows, classes, labelSmoothing, scale, logits, targets.buffer.floats, gradient, workspace)
            }
        }
    }
}
