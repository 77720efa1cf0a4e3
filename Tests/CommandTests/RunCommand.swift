import Foundation

/// The folder of the package that these tests belong to.
let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// The folder with this build's executables.
var builtProducts: String {
    let test = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return test.path
}

struct CommandResult {
    /// What the command exited with, or the signal that ended it.
    let status: Int32
    let output: String
    let errors: String
}

/// A command that runs while the test goes on, with both outputs caught.
final class BackgroundCommand {
    private let process = Process()
    // Files, not pipes: a pipe that nobody reads would stop a command that says much.
    private let folder: URL

    init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        // Threads of a test block signals, and what they start would go on doing so.
        var (none, blocked) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &blocked)
        defer { pthread_sigmask(SIG_SETMASK, &blocked, nil) }
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private var output: URL { folder.appendingPathComponent("output") }
    private var errors: URL { folder.appendingPathComponent("errors") }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until the command ends, or a condition holds.
    func wait(until isReached: () -> Bool) {
        while process.isRunning && !isReached() { usleep(500) }
    }

    /// Waits until the command ends, or has said something.
    func wait(forOutput text: String) {
        wait { (try? String(contentsOf: output, encoding: .utf8).contains(text)) ?? false }
    }

    /// Waits until the command ends, or has written a file so many times.
    func wait(forWrites writes: Int, of path: String) {
        func version() -> [timespec] {
            var status = stat()
            return stat(path, &status) == 0 ? [status.st_mtim] : []
        }
        var (last, count) = (version(), 0)
        wait {
            let now = version()
            if !now.elementsEqual(last, by: { ($0.tv_sec, $0.tv_nsec) == ($1.tv_sec, $1.tv_nsec) }) { count += 1 }
            last = now
            return count >= writes
        }
    }

    /// What came of it, when it has ended.
    func result() throws -> CommandResult {
        process.waitUntilExit()
        return CommandResult(
            status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }
}

/// Runs a command to its end.
func run(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult {
    try BackgroundCommand(path, arguments, environment: environment).result()
}

extension BackgroundCommand {
    /// Starts `nntrain` of this build.
    static func nntrain(_ arguments: [String], environment: [String: String] = [:]) throws -> BackgroundCommand {
        try BackgroundCommand(builtProducts + "/nntrain", arguments, environment: environment)
    }
}

/// Runs `nntrain` of this build to its end.
func nntrain(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult {
    try BackgroundCommand.nntrain(arguments, environment: environment).result()
}
