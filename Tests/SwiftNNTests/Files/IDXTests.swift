import SwiftNN
import TestSupport
import Testing

@Suite struct IDXTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func readsEveryType() throws {
        let halves = (0..<12).map { (Float($0) - 3) / 2 }
        let integers = (0..<6).map { Float($0) - 2 }
        let cases: [(String, IDX.ElementType, [Int], [Float])] = [
            ("images-idx3.gz", .uint8, [3, 2, 4], (0..<24).map(Float.init)),
            ("float-idx2.gz", .float, [3, 4], halves), ("double-idx1.gz", .double, [12], halves),
            ("int16-idx1.gz", .int16, [6], integers), ("int32-idx1.gz", .int32, [6], integers),
            ("int8-idx1.gz", .int8, [6], integers),
        ]
        for (name, type, shape, expected) in cases {
            let array = try IDX.read(fixture("files/\(name)"))
            #expect(array.elementType == type)
            #expect(array.tensor == Tensor(expected, shape: shape))
        }
    }

    @Test func readsPlainFiles() throws {
        let path = try folder.write(idxBytes([2, 2], data: [1, 2, 3, 4]), "plain")
        #expect(try IDX.read(path).bytes == [1, 2, 3, 4])
    }

    @Test(arguments: [
        ([], "byte 0: the file ends in the magic number: 4 bytes expected, 0 there"),
        ([0x89, 0x50, 0x4e, 0x47], "byte 0: magic number 89504e47: not an IDX file"),
        ([0, 0, 8, 0], "byte 0: magic number 00000800: not an IDX file"),
        ([0, 0, 7, 1], "byte 2: unknown IDX type code 7"),
        ([0, 0, 8, 1, 0, 0], "byte 4: the file ends in the dimensions: 4 bytes expected, 2 there"),
        (idxBytes([2, 2], data: [1, 2, 3]), "byte 12: cut off: dimensions [2, 2] need 4 bytes, the file has 3"),
        (
            idxBytes([2, 2], data: [1, 2, 3, 4, 5]), "byte 12: too long: dimensions [2, 2] need 4 bytes, the file has 5"
        ),
        (
            idxBytes(Array(repeating: 0xffff_ffff, count: 3), data: [1]),
            "byte 4: dimensions [4294967295, 4294967295, 4294967295] are too large"
        ),
    ])
    func damage(bytes: [UInt8], problem: String) throws {
        for (name, content) in [("file", bytes), ("file.gz", Gzip.compress(bytes))] {
            let path = try folder.write(content, name)
            expectFileError(path, problem) { _ = try IDX.read(path) }
        }
    }

    @Test func missingFileAndDirectory() throws {
        expectFileError(folder["none"], "no such file") { _ = try IDX.read(folder["none"]) }
        expectFileError(folder.path, "is a directory, not a file") { _ = try IDX.read(folder.path) }
        let below = try folder.write([1], "file") + "/images"
        expectFileError(below, "no such file (a part of the path is not a directory)") { _ = try IDX.read(below) }
    }
}
