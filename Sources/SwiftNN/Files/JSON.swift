/// A JSON text, for the headers of model files. Unlike a decoder into dictionaries it keeps every member of an object,
/// so that a name that stands twice is seen.
enum JSON {
    case object([Member])
    case array([JSON])
    case string(String)
    case number(String)
    case literal(String)

    struct Member {
        let name: String, value: JSON
    }

    /// What is wrong with a text, and at which byte of it.
    struct Failure: Error {
        let position: Int
        let problem: String
    }

    /// Parses a text in UTF-8; spaces may follow the value, nothing else.
    static func parse(_ text: ArraySlice<UInt8>) throws -> JSON {
        var parser = Parser(text: text)
        let value = try parser.value(depth: 0)
        try parser.expectEnd()
        return value
    }

    /// A string in quotes.
    static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": return "\\\""
            case "\\": return "\\\\"
            case "\n": return "\\n"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: return String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }

    var members: [Member]? { if case .object(let members) = self { members } else { nil } }

    var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The numbers of an array of integers that are not negative.
    var sizes: [Int]? {
        guard case .array(let items) = self else { return nil }
        let numbers = items.compactMap { item -> Int? in
            guard case .number(let digits) = item, let number = Int(digits), number >= 0 else { return nil }
            return number
        }
        return numbers.count == items.count ? numbers : nil
    }
}

extension JSON {
    /// Recursive descent; deeper nesting than any header has is an error, not an exhausted stack.
    private struct Parser {
        private let text: ArraySlice<UInt8>
        private var position: Int

        init(text: ArraySlice<UInt8>) {
            self.text = text
            position = text.startIndex
        }

        private static let deepest = 32

        mutating func value(depth: Int) throws -> JSON {
            guard depth < Self.deepest else { throw failure("nested too deeply") }
            switch next {
            case UInt8(ascii: "{"): return .object(try list(closing: "}") { try $0.member(depth: depth + 1) })
            case UInt8(ascii: "["): return .array(try list(closing: "]") { try $0.value(depth: depth + 1) })
            case UInt8(ascii: "\""): return .string(try string())
            default: return try word()
            }
        }

        mutating func expectEnd() throws {
            guard next == nil else { throw failure("unexpected text after the value") }
        }

        /// The next byte that is no space.
        private var next: UInt8? {
            mutating get {
                while position < text.endIndex, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
                return position < text.endIndex ? text[position] : nil
            }
        }

        private mutating func list<Item>(
            closing: Unicode.Scalar, item: (inout Parser) throws -> Item
        ) throws -> [Item] {
            position += 1
            var items = [Item]()
            while next != UInt8(ascii: closing) {
                if !items.isEmpty { try expect(",") }
                items.append(try item(&self))
            }
            position += 1
            return items
        }

        private mutating func member(depth: Int) throws -> Member {
            guard next == UInt8(ascii: "\"") else { throw failure("a name in quotes expected") }
            let name = try string()
            try expect(":")
            return Member(name: name, value: try value(depth: depth))
        }

        private mutating func expect(_ scalar: Unicode.Scalar) throws {
            guard next == UInt8(ascii: scalar) else { throw failure("'\(scalar)' expected") }
            position += 1
        }

        /// A number or one of true, false, null.
        private mutating func word() throws -> JSON {
            let bytes = text[position...].prefix { byte in
                [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ".")].contains(byte)
                    || 0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte
            }
            let word = String(decoding: bytes, as: UTF8.self)
            if ["true", "false", "null"].contains(word) {
                position += bytes.count
                return .literal(word)
            }
            guard Double(word) != nil, let first = bytes.first, 0x30...0x39 ~= first || first == UInt8(ascii: "-")
            else { throw failure("a value expected") }
            position += bytes.count
            return .number(word)
        }

        private mutating func string() throws -> String {
            position += 1
            var bytes = [UInt8]()
            while position < text.endIndex, text[position] != UInt8(ascii: "\"") {
                guard text[position] >= 0x20 else { throw failure("a control character in a string") }
                if text[position] == UInt8(ascii: "\\") {
                    bytes += try escape().utf8
                } else {
                    bytes.append(text[position])
                    position += 1
                }
            }
            guard position < text.endIndex else { throw failure("a string does not end") }
            position += 1
            guard let string = String(validating: bytes, as: UTF8.self) else { throw failure("a string is not UTF-8") }
            return string
        }

        private mutating func escape() throws -> String {
            position += 1
            guard position < text.endIndex else { throw failure("a string does not end") }
            let byte = text[position]
            position += 1
            switch Unicode.Scalar(byte) {
            case "n": return "\n"
            case "t": return "\t"
            case "r": return "\r"
            case "b": return "\u{8}"
            case "f": return "\u{c}"
            case "\"", "\\", "/": return String(Unicode.Scalar(byte))
            case "u": return try unicodeEscape()
            default: throw failure("an unknown escape in a string")
            }
        }

        /// The scalar of \uXXXX, or of two that are a surrogate pair.
        private mutating func unicodeEscape() throws -> String {
            var units = [try hexadecimal()]
            if 0xd800..<0xdc00 ~= units[0], text[position...].starts(with: Array("\\u".utf8)) {
                position += 2
                units.append(try hexadecimal())
            }
            guard let string = String(validating: units, as: UTF16.self) else {
                throw failure("a surrogate without its other half")
            }
            return string
        }

        private mutating func hexadecimal() throws -> UInt16 {
            let digits = text[position...].prefix(4)
            guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
                let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw failure("four hexadecimal digits expected") }
            position += 4
            return unit
        }

        private func failure(_ problem: String) -> Failure {
            Failure(position: position - text.startIndex, problem: problem)
        }
    }
}
