import CKernels

/// What a loss compares the model's output with.
public enum TargetKind: Sendable, Hashable {
    /// A class index per row, below the given number of classes.
    case labels(classes: Int)
    /// A probability for each class per row, or a class index, which stands for a one-hot row.
    case probabilities(classes: Int)
    /// As many numbers as the output has.
    case values

    /// Of a row; nil where targets are not about classes.
    var classes: Int? {
        switch self {
        case .labels(let classes), .probabilities(let classes): classes
        case .values: nil
        }
    }
}

/// Where a plan keeps the targets of the current batch.
public final class TargetSlot {
    /// The shape of the model's output.
    public let shape: [Int]
    public let kind: TargetKind
    /// Probabilities or values; where there are labels only, not used.
    let buffer: Buffer
    /// The labels, or the classes of the largest probabilities.
    private let labelBuffer: Buffer

    init(shape: [Int], kind: TargetKind, _ builder: PlanBuilder) {
        self.shape = shape
        self.kind = kind
        let rows = kind.classes.map { shape.product / Swift.max($0, 1) } ?? 0
        let hasNumbers = if case .labels = kind { false } else { true }
        buffer = builder.makeBuffer(floats: hasNumbers ? shape.product : 0, isPersistent: true)
        labelBuffer = builder.makeBuffer(bytes: rows * MemoryLayout<Int32>.stride, isPersistent: true)
    }

    /// A slot for a label per row of an output [..., classes].
    static func labels(for shape: [Int], _ builder: PlanBuilder, loss: String) throws -> TargetSlot {
        guard shape.count >= 2, let classes = shape.last, classes > 0 else {
            throw ShapeError(layer: loss, expected: "[N, classes]", got: shape)
        }
        return TargetSlot(shape: shape, kind: .labels(classes: classes), builder)
    }

    var labels: UnsafeMutablePointer<Int32> { labelBuffer.bytes.assumingMemoryBound(to: Int32.self) }

    func write(labels source: [Int32]) throws {
        guard let classes = kind.classes else {
            preconditionFailure("Plan.forward(_:labels:): this loss takes target values: use forward(_:targets:)")
        }
        let rows = shape.product / Swift.max(classes, 1)
        guard source.count == rows else {
            throw ShapeError(layer: "Plan labels", expected: "\(rows) labels", got: [source.count])
        }
        if let error = LabelError.first(in: source, classes: classes) { throw error }
        labels.update(from: source, count: rows)
        guard case .probabilities = kind else { return }
        buffer.floats.update(repeating: 0, count: rows * classes)
        for row in 0..<rows { buffer.floats[row * classes + Int(source[row])] = 1 }
    }

    func write(values source: Tensor) throws {
        if case .labels = kind {
            preconditionFailure("Plan.forward(_:targets:): this loss takes labels: use forward(_:labels:)")
        }
        guard source.shape == shape else {
            throw ShapeError(layer: "Plan targets", expected: "\(shape)", got: source.shape)
        }
        source.contiguous().withUnsafePointer { buffer.floats.update(from: $0, count: source.count) }
        guard case .probabilities(let classes) = kind else { return }
        for row in 0..<source.count / Swift.max(classes, 1) {
            let first = row * classes
            let largest = (0..<classes).reduce(0) { buffer.floats[first + $1] > buffer.floats[first + $0] ? $1 : $0 }
            labels[row] = Int32(largest)
        }
    }
}

/// A class label that the model has no output for.
public struct LabelError: Error, Equatable, Sendable, CustomStringConvertible {
    public let label: Int32
    /// Of the model's output, or of the samples that a `ConfusionMatrix` counts; from 0.
    public let row: Int
    /// How many there are: labels are below.
    public let classes: Int

    public init(label: Int32, row: Int, classes: Int) {
        (self.label, self.row, self.classes) = (label, row, classes)
    }

    /// What the first of the labels that are not in `0..<classes` is stopped by; nil where all are.
    static func first(in labels: [Int32], classes: Int) -> LabelError? {
        let row = snn_labels_valid(labels.count, classes, labels)
        return row == labels.count ? nil : LabelError(label: labels[row], row: row, classes: classes)
    }

    public var description: String { "label \(label) of row \(row) is outside of 0 ..< \(classes)" }
}
