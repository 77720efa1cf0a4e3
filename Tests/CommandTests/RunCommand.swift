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
    let status: Int32
    let output: String
    let errors: String
}

/// Runs a command to its end, with both outputs caught.
func run(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, not pipes: a pipe that nobody reads would stop a command that says much.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (output, errors) = (folder.appendingPathComponent("output"), folder.appendingPathComponent("errors"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return CommandResult(
        status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8))
}

/// Runs `nntrain` of this build.
func nntrain(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult {
    try run(builtProducts + "/nntrain", arguments, environment: environment)
}
