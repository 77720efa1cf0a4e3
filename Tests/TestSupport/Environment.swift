import Foundation
import Testing

/// What a machine may or may not have for the tests.
public enum Environment {
    /// A folder with mnist/ and cifar-10-batches-bin/ (SWIFTNN_TEST_DATA).
    public static let data = ProcessInfo.processInfo.environment["SWIFTNN_TEST_DATA"]

    /// A Python with numpy, safetensors and torch (SWIFTNN_PYTHON).
    public static let python = ProcessInfo.processInfo.environment["SWIFTNN_PYTHON"]

    /// The same folder where trainings on real data take seconds: in optimised builds, without sanitizers.
    public static var dataToTrainOn: String? {
        #if DEBUG
            nil
        #else
            data
        #endif
    }

    public static var isRoot: Bool { geteuid() == 0 }

    /// Runs a Python script and expects it to succeed.
    public static func runPython(_ script: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", script] + arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script)")
    }
}
