/// Softmax, cross-entropy and the pointwise losses on rows of classes.
public struct LossCase: KernelCase {
    public var rows: Int, classes: Int
    public var smoothing: Float = 0
    /// The logits lie in -magnitude ..< magnitude.
    public var magnitude: Float = 4

    public var description: String { "loss \(rows)x\(classes) smoothing=\(smoothing) magnitude=\(magnitude)" }

    public var operations: Int { rows * classes }

    /// Tails at every vector width in rows and classes, more rows than chunks, logits that overflow exp.
    public static let all: [LossCase] =
        [
            (0, 10), (5, 0), (1, 1), (3, 1), (1, 2), (7, 2), (9, 3), (17, 7), (256, 10), (5, 16), (33, 17), (8, 33),
            (7, 1000), (256, 1000), (9_001, 1), (650, 10),
        ]
        .flatMap { rows, classes in
            [0, 0.1].map { LossCase(rows: rows, classes: classes, smoothing: $0) }
        }
        + [1, 2, 10, 1000].map { LossCase(rows: 19, classes: $0, smoothing: 0.1, magnitude: 1e4) }
}
