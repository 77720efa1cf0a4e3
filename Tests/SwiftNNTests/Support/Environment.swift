import Foundation
import Testing

/// What a machine may or may not have for the tests.
enum Environment {
    /// A folder with mnist/ and cifar-10-batches-bin/ (SWIFTNN_TEST_DATA).
    static let data = ProcessInfo.processInfo.environment["SWIFTNN_TEST_DATA"]

    /// A Python with numpy and safetensors (SWIFTNN_PYTHON).
    static let python = ProcessInfo.processInfo.environment["SWIFTNN_PYTHON"]

    static var isRoot: Bool { geteuid() == 0 }

    /// Runs a Python script and expects it to succeed.
    static func runPython(_ script: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", script] + arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script)")
    }
}
