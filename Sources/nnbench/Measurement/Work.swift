import SwiftNN

/// What one run does, and which limit of the machine it is held against.
struct Work {
    /// Multiplications and additions; nil where nobody counts them.
    var operations: Double?
    /// Read and written where every input and every output passes the memory once; nil for whole networks.
    var bytes: Double?
    var ceiling: Ceiling
    /// In a batch, for whole networks.
    var examples: Int?

    static func arithmetic(
        _ operations: Int, in precision: Precision = .float32, bytes: Int? = nil, examples: Int? = nil
    ) -> Work {
        Work(
            operations: Double(operations), bytes: bytes.map(Double.init), ceiling: .multiplyAdd(in: precision),
            examples: examples)
    }

    static func memory(bytes: Int, operations: Int? = nil) -> Work {
        Work(operations: operations.map(Double.init), bytes: Double(bytes), ceiling: .copy)
    }

    /// Operations for each byte: where a case stands on the roofline.
    var intensity: Double? {
        guard let operations, let bytes else { return nil }
        return operations / bytes
    }

    /// What counts of the work, in the unit of its ceiling.
    var amount: Double? { ceiling == .copy ? bytes : operations }
}
