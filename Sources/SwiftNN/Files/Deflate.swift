import CZlib

/// Compression by zlib, which `Gzip`, `Zip` and `PNG` share.
enum Deflate {
    /// What stands around the compressed bytes; the values are zlib's window bits.
    enum Wrapper: Int32 {
        case gzip = 31
        case zlib = 15
        case none = -15
    }

    /// What cannot be decompressed, in words for a `FileError`.
    struct Failure: Error {
        let problem: String
    }

    /// No format gains more than this: a longer claim is a lie, and no memory is set aside for it.
    private static let largestRatio = 1032

    /// Decompresses one stream.
    ///
    /// - Parameters:
    ///   - expected: how many bytes come out, where known: memory is set aside for them at once.
    ///   - limit: more bytes than this are an error.
    /// - Returns: the bytes, and how many of `source` they took.
    static func decompress(
        _ source: UnsafeRawBufferPointer, _ wrapper: Wrapper, expected: Int?, limit: Int
    ) throws -> (bytes: [UInt8], consumed: Int) {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, wrapper.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw Failure(problem: "zlib cannot start") }
        defer { inflateEnd(&stream) }
        var input = InputWindow(source)
        var bytes = [UInt8]()
        let believable = source.count.multipliedReportingOverflow(by: largestRatio).partialValue
        // One byte more than expected, so that zlib sees the end of the stream in the first piece.
        var room = min(max(expected ?? 4 * source.count, 64), max(believable, 64), limit) + 1
        while true {
            var status = Z_OK
            let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                LargePages.request(under: buffer)
                (status, count) = inflatePiece(&stream, &input, into: buffer)
            }
            bytes = bytes.isEmpty ? piece : bytes + piece
            guard bytes.count <= limit else { throw Failure(problem: "holds more than the expected \(limit) bytes") }
            switch status {
            case Z_STREAM_END: return (bytes, input.consumed(stream))
            case Z_OK where piece.count == room: room = min(max(bytes.count, 1 << 16), limit - bytes.count + 1)
            case Z_OK, Z_BUF_ERROR: throw Failure(problem: "the compressed data end too early")
            default:
                let detail = stream.msg.map { String(cString: $0) } ?? "zlib error \(status)"
                throw Failure(problem: "the compressed data are corrupt (\(detail))")
            }
        }
    }

    /// Inflates until the buffer is full, the input is used up, or the stream ends.
    private static func inflatePiece(
        _ stream: inout z_stream, _ input: inout InputWindow, into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> (status: Int32, count: Int) {
        var count = 0
        while true {
            input.refill(&stream)
            let room = min(buffer.count - count, Int(UInt32.max))
            stream.next_out = buffer.baseAddress! + count
            stream.avail_out = UInt32(room)
            let status = inflate(&stream, Z_NO_FLUSH)
            let made = room - Int(stream.avail_out)
            count += made
            let canGoOn = status == Z_OK && count < buffer.count && (stream.avail_in > 0 || input.hasMore)
            if !canGoOn { return (status, count) }
        }
    }

    /// Compresses to one stream.
    static func compress(_ source: [UInt8], _ wrapper: Wrapper) -> [UInt8] {
        var stream = z_stream()
        let started = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, wrapper.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(started == Z_OK, "Deflate.compress: zlib cannot start (error \(started))")
        defer { deflateEnd(&stream) }
        return source.withUnsafeBytes { source in
            var input = InputWindow(source)
            let bound = Int(deflateBound(&stream, UInt(source.count)))
            return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                var status = Z_OK
                while status == Z_OK {
                    input.refill(&stream)
                    let room = min(bound - count, Int(UInt32.max))
                    stream.next_out = buffer.baseAddress! + count
                    stream.avail_out = UInt32(room)
                    status = deflate(&stream, input.hasMore ? Z_NO_FLUSH : Z_FINISH)
                    count += room - Int(stream.avail_out)
                }
            }
        }
    }

    /// The CRC-32 that gzip and zip use.
    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let array = Array(bytes)
        return array.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
    }
}

/// Hands zlib an input that may be longer than its 32-bit counters.
private struct InputWindow {
    private let source: UnsafeRawBufferPointer
    private var handed = 0

    init(_ source: UnsafeRawBufferPointer) { self.source = source }

    var hasMore: Bool { handed < source.count }

    mutating func refill(_ stream: inout z_stream) {
        guard stream.avail_in == 0, hasMore, let base = source.baseAddress else { return }
        let piece = min(source.count - handed, Int(UInt32.max))
        stream.next_in = UnsafeMutablePointer(mutating: (base + handed).assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(piece)
        handed += piece
    }

    /// How many bytes zlib has read.
    func consumed(_ stream: z_stream) -> Int { handed - Int(stream.avail_in) }
}
