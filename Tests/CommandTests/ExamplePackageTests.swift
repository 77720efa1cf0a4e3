import Foundation
import Testing

/// A package that depends on SwiftNN, built and run as its user would.
@Suite struct ExamplePackageTests {
    @Test func trainsInTwentyLines() throws {
        let example = packageRoot + "/Examples/TwentyLines"
        let scratch = packageRoot + "/.build/example"
        let result = try run(
            "/usr/bin/env",
            ["swift", "run", "--quiet", "--package-path", example, "--scratch-path", scratch, "-c", "release"])
        #expect(result.status == 0, "\(result.errors)")
        let accuracy = result.output.split(separator: " ").last.flatMap { Double($0.trimmingCharacters(in: .newlines)) }
        #expect(try #require(accuracy) > 0.95)
        // What only the executables need is not built for a dependent.
        let built = try FileManager.default.subpathsOfDirectory(atPath: scratch)
        let needless = ["ArgumentParser.swiftmodule", "SwiftProtobuf.swiftmodule"]
        #expect(!built.contains { path in needless.contains { path.hasSuffix($0) } })
    }
}
