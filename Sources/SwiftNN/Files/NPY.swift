/// NumPy's format for one array.
public enum NPY {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Reads an array of format version 1.0, 2.0 or 3.0. Numbers that are not float32 become `Float`.
    ///
    /// - Throws: `FileError` where the file is cut off, too long, or holds something else than numbers.
    public static func read(_ path: String) throws -> Tensor {
        try decode(SystemFile.read(path), path: path)
    }

    /// Writes a tensor as float32, in the order of its shape, in place of the file that may be there.
    public static func write(_ tensor: Tensor, to path: String) throws {
        try AtomicFile.write(to: path) { file in
            try file.append(header(tensor.shape))
            try file.append(tensor)
        }
    }

    /// A tensor as the bytes of a file.
    static func encode(_ tensor: Tensor) -> [UInt8] {
        header(tensor.shape) + tensor.contiguous().withSpan { span in span.withUnsafeBytes { Array($0) } }
    }

    /// Version 1.0: the numbers start at a multiple of 64 bytes.
    private static func header(_ shape: [Int]) -> [UInt8] {
        let sizes = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var text = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
        text += Array(repeating: UInt8(ascii: " "), count: -(magic.count + 4 + text.count + 1) & 63)
        text.append(UInt8(ascii: "\n"))
        var bytes = magic + [1, 0]
        bytes.append(littleEndian: UInt16(text.count))
        return bytes + text
    }

    /// The array in the bytes of a file.
    ///
    /// - Parameter place: where in the file at `path` the bytes are, if they are not all of it.
    static func decode(_ bytes: [UInt8], path: String, place: String? = nil) throws -> Tensor {
        let name = place.map { "\(path): \($0)" } ?? path
        var reader = ByteReader(bytes, path: name)
        guard try Array(reader.take(magic.count, "the magic string")) == magic else {
            throw FileError(name, at: "byte 0", "not an npy array")
        }
        let header = try NPYHeader(&reader)
        let (type, shape) = (header.type, header.shape)
        guard let expected = (shape + [type.size]).checkedProduct else {
            throw FileError(name, "shape \(shape) is too large")
        }
        guard reader.remaining == expected else {
            let relation = reader.remaining < expected ? "cut off" : "too long"
            throw FileError(
                name, "\(relation): shape \(shape) needs \(expected) bytes, the file has \(reader.remaining)")
        }
        let data = try reader.take(expected, "the data")
        let memoryShape = header.isFortranOrder ? Array(shape.reversed()) : shape
        let tensor = type.floats(data, count: shape.product, order: header.order, shape: memoryShape)
        return header.isFortranOrder ? reversingDimensions(tensor) : tensor
    }

    /// [a, b, c] from [c, b, a].
    private static func reversingDimensions(_ tensor: Tensor) -> Tensor {
        let shape = Array(tensor.shape.reversed())
        let result = Tensor(uninitialized: shape)
        var index = Array(repeating: 0, count: shape.count)
        // How far a step along each dimension of the result leads in the source.
        let strides = shape.indices.map { shape[..<$0].product }
        var source = 0
        tensor.withUnsafePointer { elements in
            for i in 0..<result.count {
                result.storage.base[i] = elements[source]
                advance(&index, &source, shape, strides)
            }
        }
        return result
    }

    /// The next index in the order of the shape.
    private static func advance(_ index: inout [Int], _ offset: inout Int, _ shape: [Int], _ strides: [Int]) {
        for dimension in shape.indices.reversed() {
            index[dimension] += 1
            offset += strides[dimension]
            if index[dimension] < shape[dimension] { return }
            offset -= shape[dimension] * strides[dimension]
            index[dimension] = 0
        }
    }
}
