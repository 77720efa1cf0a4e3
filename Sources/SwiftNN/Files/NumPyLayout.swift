/// How the numbers of an array lie in the bytes of a file, in NumPy's terms.
struct NumPyLayout {
    let type: StoredType
    let order: StoredType.ByteOrder
    /// Whether the first index is the fastest.
    let isFortranOrder: Bool
    let shape: [Int]

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
        guard let expected = (shape + [type.size]).checkedProduct else { return "shape \(shape) is too large" }
        guard byteCount != expected else { return nil }
        let relation = byteCount < expected ? "cut off" : "too long"
        return "\(relation): shape \(shape) needs \(expected) bytes, got \(byteCount)"
    }

    /// The numbers in bytes that fit the array.
    func tensor(_ data: ArraySlice<UInt8>) -> Tensor {
        guard isFortranOrder else { return type.floats(data, count: shape.product, order: order, shape: shape) }
        let columns = type.floats(data, count: shape.product, order: order, shape: shape.reversed())
        return columns.gathered(shape: shape, strides: shape.indices.map { shape[..<$0].product })
    }
}
