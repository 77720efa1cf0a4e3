// Zip archives, as far as npz and PyTorch's files use them: stored and deflated members, sizes of zip64.

/// The numbers that mark the parts of an archive.
private enum Signature {
    static let member: UInt32 = 0x0403_4b50
    static let entry: UInt32 = 0x0201_4b50
    static let end: UInt32 = 0x0605_4b50
    static let end64: UInt32 = 0x0606_4b50
    static let locator64: UInt32 = 0x0706_4b50
}

private let stored: UInt16 = 0
private let deflated: UInt16 = 8
/// The general-purpose flag for a name in UTF-8.
private let nameIsUTF8: UInt16 = 1 << 11
private let isEncrypted: UInt16 = 1

/// Reads an archive that is in memory.
struct ZipReader {
    private let path: String
    private let bytes: [UInt8]

    init(_ path: String) throws { self.init(try SystemFile.read(path), path: path) }

    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// All members, decompressed, in the order of the directory.
    func members() throws -> [(name: String, bytes: [UInt8])] {
        try directory().map { (name: $0.name, bytes: try content(of: $0)) }
    }

    /// A member as the directory describes it.
    private struct Entry {
        let name: String
        let method: UInt16
        let crc: UInt32
        var compressedSize: Int
        var size: Int
        var offset: Int
    }

    // MARK: The directory

    private func directory() throws -> [Entry] {
        let end = try findEnd()
        var reader = ByteReader(bytes, path: path, at: end.offset)
        let entries = try (0..<min(end.count, bytes.count)).map { _ in try readEntry(&reader) }
        guard reader.position == end.offset + end.size else {
            throw FileError(path, at: "byte \(reader.position)", "the zip directory has another size than it says")
        }
        try requireRoom(for: entries)
        return entries
    }

    /// Where the directory stands. It must reach to the record that describes it, and that to the end of the file.
    private func findEnd() throws -> (offset: Int, size: Int, count: Int) {
        let (recordSize, longestComment) = (22, 0xffff)
        let first = max(bytes.count - recordSize - longestComment, 0)
        let candidates = stride(from: bytes.count - recordSize, through: first, by: -1)
        for position in candidates where Self.isSignature(Signature.end, bytes, position) {
            var reader = ByteReader(bytes, path: path, at: position + 10)
            var count = Int(try reader.littleEndian(UInt16.self, "the zip directory"))
            var size = Int(try reader.littleEndian(UInt32.self, "the zip directory"))
            var offset = Int(try reader.littleEndian(UInt32.self, "the zip directory"))
            guard Int(try reader.littleEndian(UInt16.self, "the zip directory")) == reader.remaining else { continue }
            var directoryEnd = position
            if let wide = try findEnd64(before: position) {
                (offset, size, count, directoryEnd) = wide
            }
            guard offset >= 0, size >= 0, count >= 0, offset <= directoryEnd, size == directoryEnd - offset else {
                throw FileError(path, at: "byte \(position)", "the zip directory is not where it should be")
            }
            return (offset, size, count)
        }
        throw FileError(path, "no zip directory at the end: not a zip file, cut off, or too long")
    }

    /// The record with 64-bit sizes, where the archive has one.
    private func findEnd64(before end: Int) throws -> (offset: Int, size: Int, count: Int, directoryEnd: Int)? {
        guard end >= 20, Self.isSignature(Signature.locator64, bytes, end - 20) else { return nil }
        var locator = ByteReader(bytes, path: path, at: end - 12)
        let position = try locator.littleEndian(UInt64.self, "the zip64 locator")
        guard position <= UInt64(end), Self.isSignature(Signature.end64, bytes, Int(position)) else {
            throw FileError(path, at: "byte \(end - 20)", "the zip64 directory is not where it should be")
        }
        var reader = ByteReader(bytes, path: path, at: Int(position))
        try reader.skip(32, "the zip64 directory")
        let numbers = try (0..<3).map { _ in Int(clamping: try reader.littleEndian(UInt64.self, "the zip64 directory"))
        }
        return (offset: numbers[2], size: numbers[1], count: numbers[0], directoryEnd: Int(position))
    }

    private static func isSignature(_ signature: UInt32, _ bytes: [UInt8], _ position: Int) -> Bool {
        var expected = [UInt8]()
        expected.append(littleEndian: signature)
        return position >= 0 && bytes.dropFirst(position).starts(with: expected)
    }

    /// Members that share bytes could be far larger together than the file.
    private func requireRoom(for entries: [Entry]) throws {
        var remaining = bytes.count
        for entry in entries {
            guard entry.compressedSize <= remaining else { throw failure(entry.name, "overlaps another or is cut off") }
            remaining -= entry.compressedSize
        }
    }

    private func readEntry(_ reader: inout ByteReader) throws -> Entry {
        let what = "the zip directory"
        let start = reader.position
        guard try reader.littleEndian(UInt32.self, what) == Signature.entry else {
            throw FileError(path, at: "byte \(start)", "not an entry of the zip directory")
        }
        try reader.skip(4, what)
        let flags = try reader.littleEndian(UInt16.self, what)
        let method = try reader.littleEndian(UInt16.self, what)
        try reader.skip(4, what)
        let crc = try reader.littleEndian(UInt32.self, what)
        let sizes = try (0..<2).map { _ in Int(try reader.littleEndian(UInt32.self, what)) }
        let lengths = try (0..<3).map { _ in Int(try reader.littleEndian(UInt16.self, what)) }
        try reader.skip(8, what)
        let offset = Int(try reader.littleEndian(UInt32.self, what))
        let name = String(decoding: try reader.take(lengths[0], what), as: UTF8.self)
        let extra = try Array(reader.take(lengths[1], what))
        try reader.skip(lengths[2], what)
        guard flags & isEncrypted == 0 else { throw failure(name, "is encrypted") }
        guard method == stored || method == deflated else { throw failure(name, "compression method \(method)") }
        var entry = Entry(
            name: name, method: method, crc: crc, compressedSize: sizes[0], size: sizes[1], offset: offset)
        try widen(&entry, from: extra)
        return entry
    }

    /// Takes from the zip64 field what did not fit into 32 bits.
    private func widen(_ entry: inout Entry, from extra: [UInt8]) throws {
        var reader = ByteReader(extra, path: "\(path): member \(entry.name)")
        while reader.remaining >= 4 {
            let kind = try reader.littleEndian(UInt16.self, "the extra field")
            let length = Int(try reader.littleEndian(UInt16.self, "the extra field"))
            guard kind == 1 else {
                try reader.skip(length, "the extra field")
                continue
            }
            for field in [\Entry.size, \.compressedSize, \.offset] where entry[keyPath: field] == 0xffff_ffff {
                entry[keyPath: field] = Int(clamping: try reader.littleEndian(UInt64.self, "the zip64 field"))
            }
            return
        }
    }

    // MARK: Members

    private func content(of entry: Entry) throws -> [UInt8] {
        let what = "the member \(entry.name)"
        guard Self.isSignature(Signature.member, bytes, entry.offset) else {
            throw failure(entry.name, "no member at byte \(entry.offset)")
        }
        var reader = ByteReader(bytes, path: path, at: entry.offset)
        try reader.skip(26, what)
        let nameLength = Int(try reader.littleEndian(UInt16.self, what))
        let extraLength = Int(try reader.littleEndian(UInt16.self, what))
        guard String(decoding: try reader.take(nameLength, what), as: UTF8.self) == entry.name else {
            throw failure(entry.name, "the directory and the member have different names")
        }
        try reader.skip(extraLength, what)
        let packed = try reader.take(entry.compressedSize, what)
        let content = entry.method == stored ? Array(packed) : try inflate(packed, entry)
        guard content.count == entry.size else {
            throw failure(entry.name, "has \(content.count) bytes, the directory says \(entry.size)")
        }
        guard Deflate.crc32(content) == entry.crc else { throw failure(entry.name, "corrupt: the CRC differs") }
        return content
    }

    private func inflate(_ packed: ArraySlice<UInt8>, _ entry: Entry) throws -> [UInt8] {
        do {
            let result = try packed.withUnsafeBytes {
                try Deflate.decompress($0, .none, expected: entry.size, limit: min(entry.size, 1 << 40))
            }
            guard result.consumed == packed.count else { throw failure(entry.name, "bytes after the compressed data") }
            return result.bytes
        } catch let problem as Deflate.Failure {
            throw failure(entry.name, problem.problem)
        }
    }

    private func failure(_ name: String, _ problem: String) -> FileError {
        FileError(path, at: "member \(name)", problem)
    }
}

/// Writes an archive from its first member to its directory.
struct ZipWriter {
    private let path: String
    private var directory: [UInt8] = []
    private var count = 0
    private var offset = 0

    init(path: String) { self.path = path }

    /// Appends a member; the same content makes the same bytes, for it is dated as the format's first day.
    ///
    /// - Parameter alignment: the content starts at a multiple of so many bytes.
    mutating func append(
        _ name: String, _ content: [UInt8], compressed: Bool = false, alignment: Int = 1,
        to file: borrowing OutputFile
    ) throws {
        let packed = compressed ? Deflate.compress(content, .none) : content
        // Without zip64 records, which no model needs, sizes have 32 bits.
        guard max(content.count, offset + packed.count + (1 << 20)) < 0xffff_ffff, name.utf8.count < 0xffff else {
            throw FileError(path, at: "member \(name)", "too large: such an archive can have 4 GB")
        }
        var description = [UInt8]()
        let firstDay: UInt16 = 0x21
        for field in [20, nameIsUTF8, compressed ? deflated : stored, 0, firstDay] {
            description.append(littleEndian: field)
        }
        for field in [Deflate.crc32(content), UInt32(packed.count), UInt32(content.count)] {
            description.append(littleEndian: field)
        }
        description.append(littleEndian: UInt16(name.utf8.count))

        let extra = Self.padding(after: offset + 4 + description.count + 2 + name.utf8.count, to: alignment)
        var header = [UInt8]()
        header.append(littleEndian: Signature.member)
        header += description
        header.append(littleEndian: UInt16(extra.count))
        header += Array(name.utf8) + extra
        directory.append(littleEndian: Signature.entry)
        directory.append(littleEndian: UInt16(20))
        directory += description
        // No extra field, no comment, disk 0, no attributes.
        directory += Array(repeating: 0, count: 12)
        directory.append(littleEndian: UInt32(offset))
        directory += Array(name.utf8)
        try file.append(header + packed)
        offset += header.count + packed.count
        count += 1
    }

    /// An extra field that ends at a multiple of `alignment` bytes; none where `position` is one.
    private static func padding(after position: Int, to alignment: Int) -> [UInt8] {
        guard !position.isMultiple(of: alignment) else { return [] }
        // Four bytes are the field's kind, which nothing else uses, and its length.
        let end = (position + 4 + alignment - 1) / alignment * alignment
        var field = Array("FB".utf8)
        field.append(littleEndian: UInt16(end - position - 4))
        return field + Array(repeating: UInt8(ascii: "Z"), count: end - position - 4)
    }

    /// Appends the directory.
    func finish(_ file: borrowing OutputFile) throws {
        guard count < 0xffff, offset + directory.count < 0xffff_ffff else {
            throw FileError(path, "too large: such an archive can have 65534 members and 4 GB")
        }
        var end = directory
        end.append(littleEndian: Signature.end)
        for field in [0, 0, UInt16(count), UInt16(count)] { end.append(littleEndian: field) }
        for field in [directory.count, offset] { end.append(littleEndian: UInt32(field)) }
        end.append(littleEndian: UInt16(0))
        try file.append(end)
    }
}
