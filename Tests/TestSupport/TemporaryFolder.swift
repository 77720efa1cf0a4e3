import Foundation
import SwiftNN
import Testing

/// A folder for one test; it goes when nothing holds this any more.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = FileManager.default.temporaryDirectory.path + "/swiftnn-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in the folder.
    public subscript(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, and the folders it is in; returns its path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
        let url = URL(fileURLWithPath: self[name])
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        // Foundation's writing waits for the disk, which thousands of small files have no time for.
        unlink(url.path)
        let file = try #require(fopen(url.path, "wb"))
        defer { fclose(file) }
        let bytes = Array(bytes)
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        return self[name]
    }

    @discardableResult
    public func write(_ text: String, _ name: String) throws -> String { try write(text.utf8, name) }

    /// The names of the files in it.
    public var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}

public func contents(of path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

/// Expects that `body` throws a `FileError` for `path` whose text goes on as given.
public func expectFileError(
    _ path: String, _ rest: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    let error = #expect(throws: FileError.self, sourceLocation: sourceLocation) { try body() }
    guard let error else { return }
    #expect(error.description == "\(path): \(rest)", sourceLocation: sourceLocation)
    #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
}
