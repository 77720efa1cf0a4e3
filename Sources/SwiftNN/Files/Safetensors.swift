/// Model files in the safetensors format: eight bytes with the length of a JSON header, the header, the numbers.
public enum Safetensors {
    /// The key under which a header keeps texts.
    private static let metadataName = "__metadata__"
    /// The reference implementation's bound.
    private static let longestHeader = 100_000_000

    /// The types of the format, of which `F32` is written.
    private static let types: [String: StoredType] = [
        "BOOL": .bool, "U8": .uint8, "I8": .int8, "U16": .uint16, "I16": .int16, "U32": .uint32, "I32": .int32,
        "U64": .uint64, "I64": .int64, "F16": .float16, "BF16": .bfloat16, "F32": .float32, "F64": .float64,
    ]

    /// Reads a file. Numbers that are not `F32` become `Float`, rounded where they have more digits.
    ///
    /// - Throws: `FileError`, naming the tensor, where the file is cut off, too long or contradicts itself.
    public static func read(_ path: String) throws -> (tensors: [String: Tensor], metadata: [String: String]) {
        var reader = ByteReader(try SystemFile.read(path), path: path)
        let header = try readHeader(&reader)
        let data = try reader.take(reader.remaining, "the data")
        var tensors = [String: Tensor]()
        for entry in header.entries {
            let bytes = data[data.startIndex + entry.range.lowerBound..<data.startIndex + entry.range.upperBound]
            tensors[entry.name] = entry.type.floats(
                bytes, count: entry.shape.product, order: .little, shape: entry.shape)
        }
        return (tensors, header.metadata)
    }

    /// Writes a file in place of the one that may be there.
    ///
    /// - Parameters:
    ///   - tensors: written in this order, each in the order of its shape.
    ///   - metadata: texts for the header.
    /// - Throws: `FileError` where the file cannot be written or two tensors have one name; the old file then stays.
    public static func write(
        _ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String
    ) throws {
        try tensors.requireDistinctNames(path: path)
        if tensors.contains(where: { $0.name == metadataName }) {
            throw FileError(path, at: "tensor \(metadataName)", "the format keeps this name for itself")
        }
        var header = Array(self.header(tensors, metadata).utf8)
        // The numbers then start at a multiple of 8 bytes.
        header += Array(repeating: UInt8(ascii: " "), count: -header.count & 7)
        var length = [UInt8]()
        length.append(littleEndian: UInt64(header.count))
        try AtomicFile.write(to: path) { file in
            try file.append(length + header)
            for item in tensors { try file.append(item.tensor) }
        }
    }

    private static func header(_ tensors: [NamedTensor], _ metadata: [String: String]) -> String {
        var members = [String]()
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
            members.append("\"\(metadataName)\":{\(texts.joined(separator: ","))}")
        }
        var offset = 0
        for item in tensors {
            let end = offset + item.tensor.count * MemoryLayout<Float>.size
            let shape = item.tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(JSON.quoted(item.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        return "{\(members.joined(separator: ","))}"
    }
}

// MARK: - Reading the header

extension Safetensors {
    /// A tensor as the header describes it.
    private struct Entry {
        let name: String
        let type: StoredType
        let shape: [Int]
        /// Its bytes, counted from the end of the header.
        let range: Range<Int>
    }

    private static func readHeader(
        _ reader: inout ByteReader
    ) throws -> (entries: [Entry], metadata: [String: String]) {
        let path = reader.path
        let length = try reader.littleEndian(UInt64.self, "the length of the header")
        guard length <= UInt64(longestHeader), length <= UInt64(reader.remaining) else {
            throw FileError(
                path, at: "byte 0", "a header of \(length) bytes, the file has \(reader.remaining) after it")
        }
        let members = try parse(try reader.take(Int(length), "the header"), path: path)
        var entries = [Entry]()
        var metadata = [String: String]()
        var seen = Set<String>()
        for member in members {
            let (name, value) = (member.name, member.value)
            guard seen.insert(name).inserted else {
                throw FileError(path, at: "tensor \(name)", "the header has the name twice")
            }
            if name == metadataName {
                metadata = try texts(value, path: path)
            } else {
                entries.append(try entry(name, value, path: path))
            }
        }
        try requireTiling(entries, of: reader.remaining, path: path)
        return (entries, metadata)
    }

    private static func parse(_ header: ArraySlice<UInt8>, path: String) throws -> [JSON.Member] {
        do {
            guard let members = try JSON.parse(header).members else {
                throw FileError(path, at: "header", "not a JSON object")
            }
            return members
        } catch let failure as JSON.Failure {
            throw FileError(path, at: "header, byte \(8 + failure.position)", "not JSON: \(failure.problem)")
        }
    }

    private static func texts(_ value: JSON, path: String) throws -> [String: String] {
        guard let members = value.members, members.allSatisfy({ $0.value.string != nil }) else {
            throw FileError(path, at: "header", "\(metadataName) is not a list of texts")
        }
        var texts = [String: String]()
        for member in members where texts.updateValue(member.value.string ?? "", forKey: member.name) != nil {
            throw FileError(path, at: "header", "\(metadataName) has \(member.name) twice")
        }
        return texts
    }

    private static func entry(_ name: String, _ value: JSON, path: String) throws -> Entry {
        func failure(_ problem: String) -> FileError { FileError(path, at: "tensor \(name)", problem) }
        let members = value.members ?? []
        guard Set(members.map { $0.name }).count == members.count else { throw failure("a member stands twice") }
        func member(_ name: String) -> JSON? { members.first { $0.name == name }?.value }
        guard let typeName = member("dtype")?.string, let shape = member("shape")?.sizes,
            let offsets = member("data_offsets")?.sizes, offsets.count == 2
        else { throw failure("dtype, shape or data_offsets is missing or malformed") }
        guard let type = types[typeName] else { throw failure("unsupported dtype \(typeName)") }
        guard offsets[0] <= offsets[1] else { throw failure("data_offsets \(offsets) run backwards") }
        guard (shape + [type.size]).checkedProduct == offsets[1] - offsets[0] else {
            throw failure(
                "shape \(shape) of \(typeName) does not take the \(offsets[1] - offsets[0]) bytes given to it")
        }
        return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// The tensors must follow each other without gaps or overlaps and fill the file.
    private static func requireTiling(_ entries: [Entry], of size: Int, path: String) throws {
        var end = 0
        let inOrder = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        for entry in inOrder {
            let place = "tensor \(entry.name)"
            guard entry.range.upperBound <= size else {
                throw FileError(
                    path, at: place, "ends at byte \(entry.range.upperBound) of the data, the file has \(size): cut off"
                )
            }
            guard entry.range.lowerBound == end else {
                let relation = entry.range.lowerBound < end ? "overlaps another tensor" : "leaves a gap before it"
                throw FileError(path, at: place, "\(relation): starts at byte \(entry.range.lowerBound), not \(end)")
            }
            end = entry.range.upperBound
        }
        guard end == size else {
            throw FileError(path, "too long: \(size - end) bytes after the last tensor")
        }
    }
}
