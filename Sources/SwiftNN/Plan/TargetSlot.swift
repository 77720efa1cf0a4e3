import CKernels

/// What a loss compares the model's output with.
public enum TargetKind: Sendable, Hashable {
    /// A class index per row, below the given number of classes.
    case labels(classes: Int)
    /// As many numbers as the output has.
    case values
}

/// Where a plan keeps the targets of the current batch.
public final class TargetSlot {
    /// The shape of the model's output.
    public let shape: [Int]
    public let kind: TargetKind
    let buffer: Buffer

    init(shape: [Int], kind: TargetKind, _ builder: PlanBuilder) {
        self.shape = shape
        self.kind = kind
        let count: Int
        if case .labels(let classes) = kind {
            count = shape.product / Swift.max(classes, 1)
        } else {
            count = shape.product
        }
        buffer = builder.makeBuffer(floats: count, isPersistent: true)
    }

    /// A slot for a label per row of an output [..., classes].
    static func labels(for shape: [Int], _ builder: PlanBuilder, loss: String) throws -> TargetSlot {
        guard shape.count >= 2, let classes = shape.last, classes > 0 else {
            throw ShapeError(layer: loss, expected: "[N, classes]", got: shape)
        }
        return TargetSlot(shape: shape, kind: .labels(classes: classes), builder)
    }

    var labels: UnsafeMutablePointer<Int32> { buffer.bytes.assumingMemoryBound(to: Int32.self) }

    func write(labels source: [Int32]) throws {
        guard case .labels(let classes) = kind else {
            preconditionFailure("Plan.forward(_:labels:): this loss takes target values: use forward(_:targets:)")
        }
        let rows = shape.product / Swift.max(classes, 1)
        guard source.count == rows else {
            throw ShapeError(layer: "Plan labels", expected: "\(rows) labels", got: [source.count])
        }
        let valid = snn_labels_valid(rows, classes, source)
        guard valid == rows else { throw LabelError(label: source[valid], row: valid, classes: classes) }
        labels.update(from: source, count: rows)
    }

    func write(values source: Tensor) throws {
        guard kind == .values else {
            preconditionFailure("Plan.forward(_:targets:): this loss takes labels: use forward(_:labels:)")
        }
        guard source.shape == shape else {
            throw ShapeError(layer: "Plan targets", expected: "\(shape)", got: source.shape)
        }
        source.contiguous().withUnsafePointer { buffer.floats.update(from: $0, count: source.count) }
    }
}

/// A class label that the model has no output for.
public struct LabelError: Error, Equatable, Sendable, CustomStringConvertible {
    public let label: Int32
    public let row: Int
    public let classes: Int

    public init(label: Int32, row: Int, classes: Int) {
        (self.label, self.row, self.classes) = (label, row, classes)
    }

    public var description: String { "label \(label) of row \(row) is outside of 0 ..< \(classes)" }
}
