import Foundation
import SwiftNN

/// A file that an option names.
struct OutputFile {
    private let option: String
    private let path: String

    init(_ option: String, _ path: String) { (self.option, self.path) = (option, path) }

    /// Complains before minutes of measuring rather than after. Makes the folder that it is in.
    func checkWritable() throws {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
            throw BenchError("\(option) \(path): is a directory")
        }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        guard FileManager.default.isWritableFile(atPath: directory.path) else {
            throw BenchError("\(option) \(path): cannot write in \(directory.path)")
        }
    }

    func write(_ text: String) throws { try AtomicFile.write(text, to: path) }
}
