/// Files compressed by gzip.
public enum Gzip {
    /// Whether bytes start as a gzip file does.
    public static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

    /// The content of a gzip file, which may have several members after each other.
    ///
    /// - Parameters:
    ///   - path: what errors name.
    ///   - limit: a content of more bytes is an error.
    /// - Throws: `FileError` where the bytes are cut off, corrupt, or followed by something else.
    public static func decompress(_ bytes: [UInt8], path: String, limit: Int = 1 << 34) throws -> [UInt8] {
        try bytes.withUnsafeBytes { source in
            var content = [UInt8]()
            var position = 0
            repeat {
                let rest = UnsafeRawBufferPointer(rebasing: source[position...])
                guard position == 0 || rest.starts(with: [0x1f, 0x8b]) else {
                    throw FileError(path, at: "byte \(position)", "unexpected bytes after the gzip data")
                }
                do {
                    let member = try Deflate.decompress(
                        rest, .gzip, expected: expectedSize(rest), limit: limit - content.count)
                    content = content.isEmpty ? member.bytes : content + member.bytes
                    position += member.consumed
                } catch let failure as Deflate.Failure {
                    throw FileError(path, failure.problem)
                }
            } while position < source.count
            return content
        }
    }

    /// One gzip member; the same bytes make the same member.
    public static func compress(_ bytes: [UInt8]) -> [UInt8] { Deflate.compress(bytes, .gzip) }

    /// The bytes of a file, decompressed where it is a gzip file.
    ///
    /// - Throws: `FileError` where it cannot be read, or is cut off or corrupt.
    public static func readFile(_ path: String) throws -> [UInt8] {
        let bytes = try SystemFile.read(path)
        return isGzip(bytes) ? try decompress(bytes, path: path) : bytes
    }

    /// The size in the last four bytes, right for a file of one member below 4 GB.
    private static func expectedSize(_ source: UnsafeRawBufferPointer) -> Int? {
        guard source.count >= 18 else { return nil }
        return Int(UInt32(littleEndian: source.loadUnaligned(fromByteOffset: source.count - 4, as: UInt32.self)))
    }
}
