import CKernels

/// A multi-dimensional array of `Float` with value semantics.
///
/// Shapes are PyTorch's: images are [N, C, H, W], sequences [N, C, L], matrices [rows, columns]. Copies share memory until
/// one of them is changed; `reshaped` and `subscript(rows:)` share it too.
public struct Tensor: Sendable {
    /// The size of every dimension. An empty shape is a single number.
    public let shape: [Int]
    /// The number of elements.
    public let count: Int
    /// How elements lie in memory; `subscript` and `scalars` hide it.
    public let format: MemoryFormat
    private(set) var storage: Storage
    /// Where this tensor's first element lies in the storage.
    let offset: Int

    /// The number of dimensions.
    public var rank: Int { shape.count }

    init(shape: [Int], format: MemoryFormat = .contiguous, storage: Storage, offset: Int = 0) {
        precondition(shape.allSatisfy { $0 >= 0 }, "Tensor: a dimension of \(shape) is negative")
        precondition(
            format == .contiguous || shape.count >= 3, "Tensor: channels-last needs 3 or more dimensions, not \(shape)")
        self.shape = shape
        count = shape.product
        self.format = format
        self.storage = storage
        self.offset = offset
    }

    /// A tensor whose elements the caller writes before anyone reads them.
    init(uninitialized shape: [Int], format: MemoryFormat = .contiguous) {
        self.init(shape: shape, format: format, storage: Storage(uninitialized: shape.product))
    }

    /// A tensor of one value.
    public init(repeating value: Float, shape: [Int], format: MemoryFormat = .contiguous) {
        self.init(shape: shape, format: format, storage: Storage(repeating: value, count: shape.product))
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }

    /// A tensor of the given elements, in the order of the shape (last dimension fastest).
    ///
    /// - Parameter shape: its product must be the number of elements; nil makes a vector.
    public init(_ scalars: some Collection<Float>, shape: [Int]? = nil) {
        let shape = shape ?? [scalars.count]
        precondition(
            shape.product == scalars.count,
            "Tensor: shape \(shape) needs \(shape.product) elements, got \(scalars.count)")
        self.init(uninitialized: shape)
        _ = UnsafeMutableBufferPointer(start: storage.base, count: scalars.count).initialize(fromContentsOf: scalars)
    }

    /// The elements in the order of the shape (last dimension fastest), copied.
    public var scalars: [Float] {
        contiguous().withUnsafePointer { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }

    /// The only element of a tensor of one element.
    public var scalar: Float {
        precondition(count == 1, "Tensor.scalar: the tensor has \(count) elements")
        return storage.base[offset]
    }

    /// The element at an index per dimension.
    public subscript(_ indices: Int...) -> Float {
        get { storage.base[offset + memoryOffset(of: indices)] }
        set {
            let place = memoryOffset(of: indices)
            makeUnique()
            storage.base[offset + place] = newValue
        }
    }

    /// Rows `range` of the first dimension, sharing this tensor's memory.
    public subscript(rows range: Range<Int>) -> Tensor {
        precondition(
            rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "Tensor: rows \(range) of \(shape)")
        let rowSize = shape.dropFirst().product
        return Tensor(
            shape: [range.count] + shape.dropFirst(), format: format, storage: storage,
            offset: offset + range.lowerBound * rowSize)
    }

    /// The same elements in the same order under another shape, sharing memory where this tensor is contiguous.
    ///
    /// - Parameter shape: one dimension may be -1: it is what the others leave.
    public func reshaped(_ shape: [Int]) -> Tensor {
        let known = shape.filter { $0 != -1 }.product
        let resolved = shape.map { $0 == -1 ? (known == 0 ? 0 : count / known) : $0 }
        precondition(
            resolved.product == count && shape.count(where: { $0 == -1 }) <= 1,
            "Tensor.reshaped: \(self.shape) has \(count) elements, which \(shape) cannot hold")
        let source = contiguous()
        return Tensor(shape: resolved, storage: source.storage, offset: source.offset)
    }

    private func memoryOffset(of indices: [Int]) -> Int {
        precondition(
            indices.count == rank && zip(indices, shape).allSatisfy { (0..<$1).contains($0) },
            "Tensor: index \(indices) is outside of shape \(shape)")
        func rowMajor(_ indices: [Int], _ shape: [Int]) -> Int { zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 } }
        guard format == .channelsLast else { return rowMajor(indices, shape) }
        return rowMajor(indices.movingChannelsLast, shape.movingChannelsLast)
    }
}

// MARK: - Memory

extension Tensor {
    /// Calls `body` with the elements in memory order (see `format`).
    public func withSpan<R>(_ body: (Span<Float>) throws -> R) rethrows -> R {
        try body(UnsafeBufferPointer(start: storage.base + offset, count: count).span)
    }

    /// Calls `body` with the elements in memory order (see `format`), which it may change.
    public mutating func withMutableSpan<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
        makeUnique()
        var span = UnsafeMutableBufferPointer(start: storage.base + offset, count: count).mutableSpan
        return try body(&span)
    }

    func withUnsafePointer<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) { try body(storage.base + offset) }
    }

    mutating func withUnsafeMutablePointer<R>(_ body: (UnsafeMutablePointer<Float>) throws -> R) rethrows -> R {
        makeUnique()
        return try withExtendedLifetime(storage) { try body(storage.base + offset) }
    }

    /// Makes the storage this tensor's own before a change.
    private mutating func makeUnique() {
        guard !isKnownUniquelyReferenced(&storage) || storage.count != count else { return }
        self = copied()
    }

    private func copied() -> Tensor {
        let copy = Tensor(uninitialized: shape, format: format)
        copy.storage.base.initialize(from: storage.base + offset, count: count)
        return copy
    }

    /// This tensor in contiguous memory order: itself, or a copy where it is channels-last.
    public func contiguous() -> Tensor { converted(to: .contiguous) }

    /// This tensor in the given memory order: itself where it already is.
    public func converted(to format: MemoryFormat) -> Tensor {
        guard format != self.format else { return self }
        let result = Tensor(uninitialized: shape, format: format)
        let (channels, spatial) = (shape[1], shape.dropFirst(2).product)
        let (rows, columns) = format == .channelsLast ? (channels, spatial) : (spatial, channels)
        withUnsafePointer { snn_transpose(shape[0], rows, columns, $0, result.storage.base) }
        return result
    }
}

// MARK: - Comparison and text

extension Tensor: Equatable {
    /// Equal shapes and elements; NaN equals nothing.
    public static func == (a: Tensor, b: Tensor) -> Bool { a.shape == b.shape && a.scalars == b.scalars }
}

extension Tensor: CustomStringConvertible {
    public var description: String {
        let shown = scalars.prefix(8).map { String(describing: $0) }.joined(separator: ", ")
        return "Tensor\(shape)(\(shown)\(count > 8 ? ", ..." : ""))"
    }
}

extension Collection<Int> {
    /// The product of the elements; 1 for none.
    var product: Int { reduce(1, *) }
}

extension [Int] {
    /// [N, C, spatial...] to [N, spatial..., C].
    fileprivate var movingChannelsLast: [Int] { [self[0]] + dropFirst(2) + [self[1]] }
}
