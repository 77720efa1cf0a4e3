import Foundation
import SwiftNN

/// Where a training leaves its files.
struct OutputDirectory {
    private let path: String

    /// Makes the directory, so that a training does not end with nowhere to write.
    ///
    /// - Throws: `FileError` where it cannot be made or written to.
    init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(path, "the directory cannot be made: \(error.localizedDescription)")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw FileError(path, "the directory is not writable")
        }
    }

    var model: String { path + "/model.safetensors" }
    var metrics: String { path + "/metrics.json" }
    var report: String { path + "/report.html" }
}
