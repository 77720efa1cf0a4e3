import SwiftNN

/// One problem as a line of a shape file says it: a word where the family has several kinds, then `name=value`.
struct ShapeLine {
    /// The file and the number of the line, for complaints.
    let path: String
    let number: Int
    /// The words in brackets above it; empty where there are none.
    let group: String
    /// The line as it stands, with single spaces and without its comment.
    let text: String

    private let words: [Substring]

    init(path: String, number: Int, group: String, text: String) {
        (self.path, self.number, self.group) = (path, number, group)
        words = text.split(whereSeparator: \.isWhitespace)
        self.text = words.joined(separator: " ")
    }

    func failure(_ problem: String) -> FileError { FileError(path, at: "line \(number)", problem) }

    /// The line's fields.
    ///
    /// - Parameters:
    ///   - kinds: the words that it may start with; none where it starts with its first field.
    ///   - required, optional: the names of fields.
    /// - Throws: `FileError` where a field is missing, unknown or there twice.
    func fields(kinds: [String] = [], required: [String], optional: [String] = []) throws -> ShapeFields {
        var rest = words[...]
        let kind = kinds.isEmpty ? "" : String(rest.popFirst() ?? "")
        guard kinds.isEmpty || kinds.contains(kind) else {
            throw failure("expected one of \(kinds.joined(separator: ", ")) first, got '\(kind)'")
        }
        let names = required + optional
        var values: [String: String] = [:]
        for word in rest {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, names.contains(parts[0]) else {
                throw failure("expected \(names.map { "\($0)=" }.joined(separator: ", ")), got '\(word)'")
            }
            guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw failure("\(parts[0]) stands twice")
            }
        }
        if let missing = required.first(where: { values[$0] == nil }) { throw failure("expected \(missing)=") }
        return ShapeFields(line: self, kind: kind, values: values)
    }
}

/// The fields of a line, read as numbers and words.
struct ShapeFields {
    let line: ShapeLine
    /// The word the line starts with.
    let kind: String
    fileprivate let values: [String: String]

    /// A whole number of at least `least`.
    func size(_ name: String, default standard: Int = 1, least: Int = 1) throws -> Int {
        guard let text = values[name] else { return standard }
        guard let size = Self.size(text, least) else {
            throw line.failure("\(name)=\(text): expected a whole number of at least \(least)")
        }
        return size
    }

    /// Such a number for both axes of an image, or one for each: 3 or 1x3.
    func axes(
        _ name: String, default standard: (height: Int, width: Int) = (1, 1), least: Int = 1
    ) throws -> (height: Int, width: Int) {
        guard let text = values[name] else { return standard }
        let sizes = text.split(separator: "x", omittingEmptySubsequences: false).map { Self.size($0, least) }
        switch (sizes.count, sizes.first ?? nil, sizes.last ?? nil) {
        case (1...2, let height?, let width?): return (height, width)
        default: throw line.failure("\(name)=\(text): expected a number of at least \(least), or HEIGHTxWIDTH")
        }
    }

    func number(_ name: String, default standard: Float) throws -> Float {
        guard let text = values[name] else { return standard }
        guard let number = Float(text), number.isFinite else {
            throw line.failure("\(name)=\(text): expected a number")
        }
        return number
    }

    func word(_ name: String, of words: [String], default standard: String) throws -> String {
        let word = values[name] ?? standard
        guard words.contains(word) else {
            throw line.failure("\(name)=\(word): expected one of \(words.joined(separator: ", "))")
        }
        return word
    }

    /// float32 unless the line says bfloat16.
    func precision() throws -> Precision {
        let standard = Precision.float32
        let word = try word("dtype", of: Precision.allCases.map(\.rawValue), default: standard.rawValue)
        return Precision(rawValue: word) ?? standard
    }

    private static func size(_ text: some StringProtocol, _ least: Int) -> Int? {
        // Products of a few of these do not overflow.
        Int(text).flatMap { (least...1 << 24).contains($0) ? $0 : nil }
    }
}
