import Foundation
import SwiftNN
import SwiftProtobuf

/// A file of events that TensorBoard reads while it grows. Every event is written at once: of what is there when the
/// process is killed, TensorBoard leaves out at most the last.
final class EventFile {
    private let path: String
    private let file: FileHandle

    /// Starts a file in a directory. What files there before it say of `step` and later is void from now on.
    ///
    /// - Throws: `FileError` where it cannot be made.
    init(in directory: OutputDirectory, startingAt step: Int) throws {
        path = directory[Self.name(at: Date())]
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(path, "cannot be made: \(String(cString: strerror(errno)))") }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try write(.fileVersion("brain.Event:2"), step: 0)
        try write(.sessionLog(.with { $0.status = .start }), step: step)
    }

    /// Removes the file, and with it that the files before it are void.
    func remove() throws {
        guard unlink(path) == 0 else { throw FileError(path, "cannot be removed: \(String(cString: strerror(errno)))") }
    }

    /// TensorBoard knows event files by "tfevents", and reads those of a directory in the order of their names.
    private static func name(at time: Date) -> String {
        let microseconds = Int(time.timeIntervalSince1970 * 1e6)
        return String(
            format: "events.out.tfevents.%010d.%06d.nntrain", microseconds / 1_000_000, microseconds % 1_000_000)
    }

    /// Appends a point to each of some curves.
    func write(_ values: [(tag: String, value: Double)], step: Int) throws {
        try write(
            .summary(
                .with { summary in
                    summary.value = values.map { tag, value in
                        .with { ($0.tag, $0.simpleValue) = (tag, Float(value)) }
                    }
                }), step: step)
    }

    /// Appends a text in Markdown.
    func write(text: String, tag: String, step: Int) throws {
        let value = TensorBoardSummary.Value.with {
            $0.tag = tag
            $0.metadata.pluginData.pluginName = "text"
            $0.tensor.dtype = .dtString
            $0.tensor.tensorShape.dim = [.with { $0.size = 1 }]
            $0.tensor.stringVal = [Data(text.utf8)]
        }
        try write(.summary(.with { $0.value = [value] }), step: step)
    }

    private func write(_ what: TensorBoardEvent.OneOf_What, step: Int) throws {
        let event = TensorBoardEvent.with {
            $0.wallTime = Date().timeIntervalSince1970
            $0.step = Int64(step)
            $0.what = what
        }
        do {
            try file.write(contentsOf: Data(TFRecord.framed(try event.serializedBytes())))
        } catch {
            throw FileError(path, "cannot be written: \(error.localizedDescription)")
        }
    }
}
