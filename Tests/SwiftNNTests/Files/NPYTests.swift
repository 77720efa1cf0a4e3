import SwiftNN
import TestSupport
import Testing

@Suite struct NPYTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func bytes(_ header: String, version: [UInt8] = [1, 0], data: Int) -> [UInt8] {
        let length = [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
        return [0x93] + Array("NUMPY".utf8) + version + length + header.utf8 + Array(repeating: 0, count: data)
    }

    @Test(arguments: [[], [3], [0, 2], [2, 3, 2, 2]])
    func roundTrip(shape: [Int]) throws {
        let tensor = Tensor((0..<shape.reduce(1, *)).map { Float($0) - 0.5 }, shape: shape)
        try NPY.write(tensor, to: folder["a.npy"])
        #expect(try NPY.read(folder["a.npy"]) == tensor)
        #expect(try contents(of: folder["a.npy"]).count % 64 == tensor.count * 4 % 64)
    }

    @Test func readsWhatNumPyWrites() throws {
        let halves = (0..<12).map { (Float($0) - 3) / 2 }
        let integers = (0..<6).map { Float($0) - 2 }
        let cases: [(String, [Int], [Float])] = [
            ("float32", [2, 3, 2], halves), ("float64-version2", [3, 4], halves),
            ("float32-fortran", [2, 3, 2], halves),
            ("float16", [12], halves), ("float32-big-endian", [12], halves), ("int64", [6], integers),
            ("int16-big-endian", [6], integers), ("int8", [6], integers), ("bool", [6], [0, 0, 0, 1, 1, 1]),
            ("scalar", [], [2.5]), ("empty", [0, 3], []),
        ]
        for (name, shape, expected) in cases {
            #expect(try NPY.read(fixture("files/\(name).npy")) == Tensor(expected, shape: shape), "\(name)")
        }
    }

    @Test(arguments: [("complex64", "<c8"), ("text", "<U1")])
    func refusesOtherTypes(name: String, type: String) throws {
        let path = try fixture("files/\(name).npy")
        expectFileError(path, "header: unsupported type '\(type)'") { _ = try NPY.read(path) }
    }

    @Test(arguments: [
        (Array("NUMPY!....".utf8), "byte 0: not an npy array"),
        ([0x93], "byte 0: the file ends in the magic string: 6 bytes expected, 1 there"),
        (bytes("", version: [9, 0], data: 0), "byte 6: npy version 9.0, 1.0 to 3.0 can be read"),
        (bytes("{'descr': '<f4'}", data: 0), "header: descr, fortran_order or shape is missing or malformed"),
        (bytes("{'descr': [('a', '<f4')]}", data: 0), "header, byte 20: unsupported: a text in quotes expected"),
        (
            bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", data: 7),
            "cut off: shape [2] needs 8 bytes, got 7"
        ),
        (
            bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", data: 9),
            "too long: shape [2] needs 8 bytes, got 9"
        ),
        (
            bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", data: 0),
            "shape [4611686018427387904, 4] is too large"
        ),
        (
            bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4611686018427387904, 4)}", data: 0),
            "shape [0, 4611686018427387904, 4] is too large"
        ),
        (
            bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (\(String(repeating: "1,", count: 65)))}", data: 4),
            "65 dimensions, 64 at most"
        ),
        (
            bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", data: 0),
            "header, byte 61: a size expected"
        ),
    ])
    func damage(bytes: [UInt8], problem: String) throws {
        let path = try folder.write(bytes, "a.npy")
        expectFileError(path, problem) { _ = try NPY.read(path) }
    }
}
