/// How the numbers of an array lie in the bytes of a file, in NumPy's terms.
struct NumPyLayout {
    let type: StoredType
    let order: StoredType.ByteOrder
    /// The sizes from the slowest index to the fastest.
    let sizesInMemory: [Int]
    /// Which of them is that of each of the array's dimensions.
    let axes: [Int]

    /// NumPy's limit on dimensions.
    static let largestRank = 64

    /// Numbers in the order of the indices, or in Fortran's, whose first index is the fastest.
    init(type: StoredType, order: StoredType.ByteOrder, isFortranOrder: Bool, shape: [Int]) {
        let axes = isFortranOrder ? shape.indices.reversed() : Array(shape.indices)
        self.init(type: type, order: order, sizesInMemory: isFortranOrder ? shape.reversed() : shape, axes: axes)
    }

    /// - Parameters:
    ///   - sizesInMemory: from the slowest index to the fastest.
    ///   - axes: a permutation of their indices.
    init(type: StoredType, order: StoredType.ByteOrder, sizesInMemory: [Int], axes: [Int]) {
        (self.type, self.order, self.sizesInMemory, self.axes) = (type, order, sizesInMemory, axes)
    }

    var shape: [Int] { axes.map { sizesInMemory[$0] } }
    /// Whether the last index is the fastest.
    var isInOrder: Bool { axes.elementsEqual(axes.indices) }

    /// A type by NumPy's letter and size, such as f4.
    static func type(_ name: some StringProtocol) -> StoredType? { types[String(name)] }

    /// NumPy's mark of the order; = is that of the CPUs that Swift runs on, | for single bytes.
    static func order(_ mark: some StringProtocol) -> StoredType.ByteOrder? {
        switch mark {
        case "<", "=", "|": .little
        case ">": .big
        default: nil
        }
    }

    private static let types: [String: StoredType] = [
        "b1": .bool, "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "u4": .uint32, "i4": .int32,
        "u8": .uint64, "i8": .int64, "f2": .float16, "f4": .float32, "f8": .float64,
    ]

    /// What is wrong with a number of bytes for the array; nil where it fits.
    func problem(_ byteCount: Int) -> String? {
        guard axes.count <= Self.largestRank else { return "\(axes.count) dimensions, \(Self.largestRank) at most" }
        guard let expected = (shape + [type.size]).checkedProduct else { return "shape \(shape) is too large" }
        guard byteCount != expected else { return nil }
        let relation = byteCount < expected ? "cut off" : "too long"
        return "\(relation): shape \(shape) needs \(expected) bytes, got \(byteCount)"
    }

    /// The numbers in bytes that fit the array.
    func tensor(_ data: ArraySlice<UInt8>) -> Tensor {
        let numbers = type.floats(data, count: shape.product, order: order, shape: sizesInMemory)
        let strides = sizesInMemory.contiguousStrides
        return isInOrder ? numbers : numbers.gathered(shape: shape, strides: axes.map { strides[$0] })
    }
}
