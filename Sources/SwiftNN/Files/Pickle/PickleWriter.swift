/// Writes a pickle of protocol 2, instruction by instruction.
struct PickleWriter {
    private var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]

    /// The whole pickle, ended.
    func finished() -> [UInt8] { bytes + [PickleOpcode.stop.rawValue] }

    mutating func append(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

    mutating func append(_ integer: Int) {
        if let small = Int32(exactly: integer) {
            append(.binInt)
            bytes.append(littleEndian: small)
        } else {
            append(.long1)
            bytes.append(8)
            bytes.append(littleEndian: integer)
        }
    }

    mutating func append(_ text: String) {
        append(.binUnicode)
        bytes.append(littleEndian: UInt32(text.utf8.count))
        bytes += text.utf8
    }

    mutating func appendGlobal(module: String, name: String) {
        append(.global)
        bytes += Array("\(module)\n\(name)\n".utf8)
    }

    /// A tuple of what `body` appends.
    mutating func appendTuple(_ body: (inout PickleWriter) -> Void) {
        append(.mark)
        body(&self)
        append(.tuple)
    }

    mutating func append(_ sizes: [Int]) { appendTuple { writer in for size in sizes { writer.append(size) } } }
}
