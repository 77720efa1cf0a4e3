/// The members of a PyTorch file.
struct PyTorchArchive {
    let path: String
    /// The bytes of all members together.
    let byteCount: Int
    let order: StoredType.ByteOrder
    /// By name, without the folder that all of them are in.
    private let members: [String: [UInt8]]

    /// What files began with before PyTorch 1.6: a pickle of a long magic number.
    private static let legacyMagic: [UInt8] = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8]

    /// - Throws: `FileError` where the file is damaged or no such archive.
    init(_ path: String) throws {
        self.path = path
        let bytes = try SystemFile.read(path)
        guard !bytes.starts(with: Self.legacyMagic) else {
            throw FileError(path, "in the format before PyTorch 1.6: load it there and save it again")
        }
        let all = try ZipReader(bytes, path: path).members()
        guard let pickle = all.first(where: { $0.name.hasSuffix("/data.pkl") }) else {
            throw FileError(path, "a zip archive without data.pkl: not a PyTorch file")
        }
        let folder = pickle.name.dropLast("data.pkl".count)
        var members = [String: [UInt8]]()
        for member in all where member.name.hasPrefix(folder) {
            members[String(member.name.dropFirst(folder.count))] = member.bytes
        }
        self.members = members
        byteCount = all.reduce(0) { $0 + $1.bytes.count }
        order = try Self.byteOrder(members["byteorder"], path: path)
    }

    /// Older files do not state it.
    private static func byteOrder(_ member: [UInt8]?, path: String) throws -> StoredType.ByteOrder {
        switch member.map({ String(decoding: $0, as: UTF8.self) }) {
        case nil, "little": .little
        case "big": .big
        case let name?:
            throw FileError(path, at: "member byteorder", "little or big expected, got \(JSON.quoted(name))")
        }
    }

    /// What names the tensors and says how they lie in the storages.
    var pickle: [UInt8] { members["data.pkl"] ?? [] }

    /// The numbers of a storage; nil where it is not there.
    func storage(_ key: String) -> [UInt8]? { members["data/" + key] }
}
