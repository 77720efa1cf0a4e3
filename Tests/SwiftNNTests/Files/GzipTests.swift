import SwiftNN
import TestSupport
import Testing

@Suite struct GzipTests {
    private let text = Array(repeating: Array("compressible ".utf8), count: 500).flatMap { $0 }

    @Test(arguments: [0, 1, 6500])
    func roundTrip(count: Int) throws {
        let bytes = Array(text.prefix(count))
        let packed = Gzip.compress(bytes)
        #expect(Gzip.isGzip(packed))
        #expect(try Gzip.decompress(packed, path: "a.gz") == bytes)
    }

    @Test func severalMembers() throws {
        let packed = Gzip.compress(text) + Gzip.compress([]) + Gzip.compress([1, 2])
        #expect(try Gzip.decompress(packed, path: "a.gz") == text + [1, 2])
    }

    @Test func damage() throws {
        let packed = Gzip.compress(text)
        expectFileError("a.gz", "the compressed data end too early") {
            _ = try Gzip.decompress(packed.dropLast(), path: "a.gz")
        }
        expectFileError("a.gz", "byte \(packed.count): unexpected bytes after the gzip data") {
            _ = try Gzip.decompress(packed + [0], path: "a.gz")
        }
        var wrong = packed
        wrong[packed.count - 8] ^= 1
        expectFileError("a.gz", "the compressed data are corrupt (incorrect data check)") {
            _ = try Gzip.decompress(wrong, path: "a.gz")
        }
        expectFileError("a.gz", "holds more than the expected 100 bytes") {
            _ = try Gzip.decompress(packed, path: "a.gz", limit: 100)
        }
    }
}

extension Gzip {
    fileprivate static func decompress(_ bytes: ArraySlice<UInt8>, path: String) throws -> [UInt8] {
        try decompress(Array(bytes), path: path)
    }
}
