import SwiftNN

/// The time from the start of a process to its first training step: of a perceptron on Fashion-MNIST, with reading the
/// data set.
struct StartCase: BenchmarkCase {
    /// Decompressing the data set takes longer than all that follows.
    enum Files: String, CaseIterable {
        /// As the system's package or the user put them there.
        case asFound = "files as found"
        /// As `nntrain fetch` leaves them.
        case decompressed = "files decompressed"
    }

    let files: Files

    var name: String { "start to first step, MLP 784-256-10 on Fashion-MNIST, \(files.rawValue)" }
    let group = "Fashion-MNIST"

    func measure(with referee: Referee) throws -> Row {
        let scratch = try ScratchFolder()
        defer { withExtendedLifetime(scratch) {} }
        let found = try DatasetSource.fashionMNIST.locate(in: nil)
        let data = files == .asFound ? found : try Self.decompress(found, into: scratch)
        let ours = ProcessStart(try .ours(.firstStep, [data]))
        let theirs = referee.python.map { ProcessStart(.pyTorch($0, .firstStep, [data])) }
        let samples = try referee.match.play([ours] + [theirs].compactMap(\.self))
        var row = Row(self)
        row.time(samples[0], nil)
        if theirs != nil { row.pyTorch = Row.Rival(samples[1], mode: "eager") }
        return row
    }

    private static func decompress(_ directory: String, into scratch: ScratchFolder) throws -> String {
        for file in DatasetSource.fashionMNIST.files {
            let content = try Gzip.readFile(file.path(in: directory))
            try AtomicFile.write(content, to: scratch[file.name])
        }
        return scratch.path
    }
}

/// A process that is started for each run.
private final class ProcessStart: Contender {
    private let child: ChildProcess

    init(_ child: ChildProcess) { self.child = child }

    func turn(seconds: Double) throws -> [Double] {
        IdleThreads.ours.sleep()
        return [try child.firstLine().seconds]
    }

    func takeCores() {}
    func leaveCores() {}
}
