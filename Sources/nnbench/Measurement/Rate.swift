/// What one run does.
enum Work {
    /// Multiplications and additions.
    case operations(Double)
    /// Bytes read and written, of what is bound by memory.
    case bytes(Double)
    /// Multiplications and additions of a training step, and the examples in it.
    case step(operations: Double, examples: Int)

    func rate(seconds: Double) -> Rate {
        switch self {
        case .operations(let count), .step(let count, _): .operations(count / seconds)
        case .bytes(let count): .bytes(count / seconds)
        }
    }
}

/// Work in a second.
enum Rate {
    case operations(Double)
    case bytes(Double)

    var perSecond: Double {
        switch self {
        case .operations(let rate), .bytes(let rate): rate
        }
    }

    /// Nil where the work is of the other kind.
    var gigaOperations: Double? {
        if case .operations(let rate) = self { rate / 1e9 } else { nil }
    }

    var gigabytes: Double? {
        if case .bytes(let rate) = self { rate / 1e9 } else { nil }
    }
}
