import Foundation

/// Where --json writes: an array with an object per case.
struct JSONFile {
    let path: String

    /// Complains before hours of measuring rather than after.
    func checkWritable() throws {
        let url = URL(fileURLWithPath: path)
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
            throw BenchError("--json \(path): is a directory")
        }
        let directory = url.deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: directory) else {
            throw BenchError("--json \(path): cannot write in \(directory)")
        }
    }

    func write(_ results: [Result]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(results).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw BenchError("--json \(path): \(error.localizedDescription)")
        }
    }
}
