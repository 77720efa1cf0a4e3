/// An array in the IDX format, plain or compressed by gzip, in which MNIST and Fashion-MNIST are published.
public struct IDX: Sendable {
    /// The type of the elements.
    public enum ElementType: UInt8, Sendable {
        case uint8 = 0x08
        case int8 = 0x09
        case int16 = 0x0b
        case int32 = 0x0c
        case float = 0x0d
        case double = 0x0e

        var stored: StoredType {
            switch self {
            case .uint8: .uint8
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .float: .float32
            case .double: .float64
            }
        }
    }

    public let elementType: ElementType
    /// The size of every dimension, the slowest first.
    public let shape: [Int]
    /// The elements in the order of the shape, big-endian.
    public let bytes: ArraySlice<UInt8>
    let path: String

    /// Reads a file.
    ///
    /// - Throws: `FileError` where the magic number, the type, the dimensions or the length is wrong.
    public static func read(_ path: String) throws -> IDX {
        var reader = ByteReader(try Gzip.readFile(path), path: path)
        let magic = try Array(reader.take(4, "the magic number"))
        guard magic[0] == 0, magic[1] == 0, magic[3] > 0 else {
            let hex = magic.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            throw FileError(path, at: "byte 0", "magic number \(hex): not an IDX file")
        }
        guard let type = ElementType(rawValue: magic[2]) else {
            throw FileError(path, at: "byte 2", "unknown IDX type code \(magic[2])")
        }
        let shape = try (0..<magic[3]).map { _ in Int(try reader.bigEndian(UInt32.self, "the dimensions")) }
        guard let expected = (shape + [type.stored.size]).checkedProduct else {
            throw FileError(path, at: "byte 4", "dimensions \(shape) are too large")
        }
        guard reader.remaining == expected else {
            let relation = reader.remaining < expected ? "cut off" : "too long"
            throw FileError(
                path, at: "byte \(reader.position)",
                "\(relation): dimensions \(shape) need \(expected) bytes, the file has \(reader.remaining)")
        }
        return IDX(elementType: type, shape: shape, bytes: try reader.take(expected, "the data"), path: path)
    }

    /// The elements as a tensor.
    public var tensor: Tensor {
        elementType.stored.floats(bytes, count: shape.product, order: .big, shape: shape)
    }

    /// The bytes of [N, H, W] images.
    ///
    /// - Throws: `FileError` where there are other dimensions, no pixels, or another type than uint8.
    func images() throws -> (count: Int, height: Int, width: Int, pixels: ArraySlice<UInt8>) {
        try expect(rank: 3, "images (count, height, width)")
        guard !shape.contains(0) else { throw FileError(path, at: "byte 4", "dimensions \(shape): no images") }
        return (shape[0], shape[1], shape[2], bytes)
    }

    /// The labels, which must be below `classes`.
    func labels(classes: Int) throws -> [Int32] {
        try expect(rank: 1, "labels (count)")
        if let wrong = bytes.firstIndex(where: { $0 >= classes }) {
            let item = wrong - bytes.startIndex
            throw FileError(path, at: "item \(item)", "label \(bytes[wrong]) is outside of 0..<\(classes)")
        }
        return bytes.map(Int32.init)
    }

    private func expect(rank: Int, _ what: String) throws {
        guard shape.count == rank else {
            throw FileError(path, at: "byte 3", "\(shape.count) dimensions \(shape); \(what) have \(rank)")
        }
        guard elementType == .uint8 else {
            throw FileError(path, at: "byte 2", "holds \(elementType); \(what) must be uint8")
        }
    }
}
