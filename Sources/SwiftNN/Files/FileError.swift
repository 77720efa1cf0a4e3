/// What is wrong with a file, in one line: the path, the place in it, and what was expected there.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    public let path: String
    /// "byte 12", "line 3", "tensor 0.weight"; nil where it is the whole file.
    public let place: String?
    public let problem: String

    public init(_ path: String, at place: String? = nil, _ problem: String) {
        self.path = path
        self.place = place
        self.problem = problem
    }

    /// Control characters, which names in files may have, are escaped: it stays one line.
    public var description: String {
        let text = [path, place, problem].compactMap { $0 }.joined(separator: ": ")
        return text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }
}
