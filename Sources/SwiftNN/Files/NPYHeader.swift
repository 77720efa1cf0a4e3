/// The header of an npy array: a Python dictionary with the type, the order and the shape.
struct NPYHeader {
    let layout: NumPyLayout

    /// Reads what follows the magic string.
    init(_ reader: inout ByteReader) throws {
        let path = reader.path
        let version = try Array(reader.take(2, "the version"))
        guard (1...3).contains(version[0]), version[1] == 0 else {
            throw FileError(path, at: "byte 6", "npy version \(version[0]).\(version[1]), 1.0 to 3.0 can be read")
        }
        let length =
            version[0] == 1
            ? Int(try reader.littleEndian(UInt16.self, "the length of the header"))
            : Int(try reader.littleEndian(UInt32.self, "the length of the header"))
        let start = reader.position
        var parser = Parser(try reader.take(length, "the header"), path: path, at: start)
        let fields = try parser.dictionary()
        guard case .text(let descr)? = fields["descr"], case .truth(let fortran)? = fields["fortran_order"],
            case .sizes(let shape)? = fields["shape"], fields.count == 3
        else { throw FileError(path, at: "header", "descr, fortran_order or shape is missing or malformed") }
        guard let type = NumPyLayout.type(descr.dropFirst()), let order = NumPyLayout.order(descr.prefix(1)) else {
            throw FileError(path, at: "header", "unsupported type '\(descr)'")
        }
        layout = NumPyLayout(type: type, order: order, isFortranOrder: fortran, shape: shape)
    }

    /// A value of the dictionary.
    private enum Value {
        case text(String)
        case truth(Bool)
        case sizes([Int])
    }

    /// The part of Python's literals that NumPy writes.
    private struct Parser {
        private var rest: ArraySlice<UInt8>
        private let path: String
        /// What to add to an index of `rest` for the byte of the file.
        private let shift: Int

        init(_ text: ArraySlice<UInt8>, path: String, at position: Int) {
            rest = text
            self.path = path
            shift = position - text.startIndex
        }

        mutating func dictionary() throws -> [String: Value] {
            try expect("{")
            var fields = [String: Value]()
            while !accept("}") {
                let key = try text()
                try expect(":")
                guard fields.updateValue(try value(), forKey: key) == nil else {
                    throw failure("'\(key)' stands twice")
                }
                if !accept(",") {
                    try expect("}")
                    break
                }
            }
            skipSpaces()
            guard rest.isEmpty else { throw failure("unexpected text after the header") }
            return fields
        }

        private mutating func value() throws -> Value {
            if accept("(") { return .sizes(try sizes()) }
            if accept("True") { return .truth(true) }
            if accept("False") { return .truth(false) }
            return .text(try text())
        }

        private mutating func sizes() throws -> [Int] {
            var sizes = [Int]()
            while !accept(")") {
                skipSpaces()
                let digits = rest.prefix { 0x30...0x39 ~= $0 }
                guard let size = Int(String(decoding: digits, as: UTF8.self)) else { throw failure("a size expected") }
                rest = rest.dropFirst(digits.count)
                sizes.append(size)
                if !accept(",") {
                    try expect(")")
                    break
                }
            }
            return sizes
        }

        private mutating func text() throws -> String {
            skipSpaces()
            guard let quote = rest.first, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(quote),
                let end = rest.dropFirst().firstIndex(of: quote)
            else { throw failure("unsupported: a text in quotes expected") }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
        }

        private mutating func skipSpaces() { rest = rest.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) } }

        private mutating func accept(_ word: String) -> Bool {
            skipSpaces()
            guard rest.starts(with: word.utf8) else { return false }
            rest = rest.dropFirst(word.utf8.count)
            return true
        }

        private mutating func expect(_ word: String) throws {
            guard accept(word) else { throw failure("'\(word)' expected") }
        }

        private func failure(_ problem: String) -> FileError {
            FileError(path, at: "header, byte \(rest.startIndex + shift)", problem)
        }
    }
}
