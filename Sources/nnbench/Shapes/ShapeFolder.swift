import Foundation
import KernelCases
import SwiftNN

/// The folder with the lists of problems: a text file for each suite, whose head says how its lines are written.
struct ShapeFolder {
    let path: String

    /// The lists that ship with nnbench: Benchmarks/shapes.
    static var standard: ShapeFolder { ShapeFolder(path: BenchmarkFiles.shapes) }

    /// The problems of a file.
    ///
    /// - Throws: `FileError` where there is no such file, or a line of it is not what its head says.
    func lines(_ name: String) throws -> [ShapeLine] {
        let path = self.path + "/\(name).txt"
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw FileError(path, "cannot be read: expected a list of problems, a line each, in UTF-8")
        }
        return try Self.parse(text, path: path)
    }

    static func parse(_ text: String, path: String) throws -> [ShapeLine] {
        var lines: [ShapeLine] = []
        var group = ""
        for (index, whole) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = whole.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            let line = ShapeLine(path: path, number: index + 1, group: group, text: content)
            if content.isEmpty { continue }
            if content.hasPrefix("[") {
                guard content.hasSuffix("]") else { throw line.failure("expected ] at the end") }
                group = content.dropFirst().dropLast().trimmingCharacters(in: .whitespaces)
                continue
            }
            if let same = lines.first(where: { $0.text == line.text }) {
                throw line.failure("the same problem as in line \(same.number)")
            }
            lines.append(line)
        }
        guard !lines.isEmpty else { throw FileError(path, "expected a list of problems, found none") }
        return lines
    }
}
