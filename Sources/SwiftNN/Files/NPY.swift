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
    ///
    /// - Throws: `FileError` where the file cannot be written; the old one then stays.
    public static func write(_ tensor: Tensor, to path: String) throws {
        try AtomicFile.write(to: path) { file in
            try file.append(header(tensor.shape))
            try file.append(tensor)
        }
    }

    /// A tensor as the bytes of a file.
    static func encode(_ tensor: Tensor) -> [UInt8] {
        header(tensor.shape) + tensor.fileBytes
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
        let layout = try NPYHeader(&reader).layout
        if let problem = layout.problem(reader.remaining) { throw FileError(name, problem) }
        return layout.tensor(try reader.take(reader.remaining, "the data"))
    }
}
