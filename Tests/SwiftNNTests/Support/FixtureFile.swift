import Foundation
import Testing

/// The path of a checked-in file; Tests/Fixtures has the scripts that make them.
func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.resourcePath) + "/Fixtures/\(name)"
}
