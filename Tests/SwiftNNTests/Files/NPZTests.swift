import SwiftNN
import TestSupport
import Testing

@Suite struct NPZTests {
    let folder: TemporaryFolder
    private let tensors = [
        NamedTensor("weight", Tensor((0..<60).map { Float($0 % 7) }, shape: [5, 12])),
        NamedTensor("ä/bias", Tensor([1.5], shape: [])), NamedTensor("none", .zeros([0])),
    ]

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [false, true])
    func roundTrip(compressed: Bool) throws {
        let path = folder["a.npz"]
        try NPZ.write(tensors, compressed: compressed, to: path)
        let read = try NPZ.read(path)
        #expect(read == Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) }))
    }

    @Test func compressionCompresses() throws {
        let zeros = [NamedTensor("zeros", .zeros([100, 100]))]
        try NPZ.write(zeros, compressed: true, to: folder["a.npz"])
        #expect(try contents(of: folder["a.npz"]).count < 1000)
        #expect(try NPZ.read(folder["a.npz"])["zeros"] == zeros[0].tensor)
    }

    @Test(arguments: ["stored", "deflated"])
    func readsWhatNumPyWrites(name: String) throws {
        let read = try NPZ.read(fixture("files/\(name).npz"))
        #expect(Set(read.keys) == ["weight", "layer.0/bias"])
        #expect(read["weight"] == Tensor((0..<12).map { (Float($0) - 3) / 2 }, shape: [3, 4]))
        #expect(read["layer.0/bias"] == Tensor((0..<6).map { Float($0) - 2 }))
    }

    @Test func damage() throws {
        try NPZ.write(tensors, to: folder["good"])
        let good = try contents(of: folder["good"])
        let noDirectory = "no zip directory at the end: not a zip file, cut off, or too long"
        for bytes in [[], Array("not a zip file at all, just text".utf8), good.dropLast(), good + [0]] {
            let path = try folder.write(bytes, "bad")
            expectFileError(path, noDirectory) { _ = try NPZ.read(path) }
        }
        // The last byte of the first array.
        let last = try #require(good.indices.dropFirst(4).first { good[$0...].starts(with: [0x50, 0x4b, 3, 4]) }) - 1
        var corrupt = good
        corrupt[last] ^= 0x10
        let path = try folder.write(corrupt, "bad")
        expectFileError(path, "member weight.npy: corrupt: the CRC differs") { _ = try NPZ.read(path) }
        let front = try folder.write([0] + good, "bad")
        #expect(throws: FileError.self) { try NPZ.read(front) }
    }

    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"))
    func numPyReadsAndWrites() throws {
        try NPZ.write(tensors, to: folder["stored.npz"])
        try NPZ.write(tensors, compressed: true, to: folder["deflated.npz"])
        try NPY.write(tensors[0].tensor, to: folder["a.npy"])
        try Environment.runPython(
            """
            import sys, zipfile, numpy as np
            folder = sys.argv[1]
            expected = (np.arange(60) % 7).reshape(5, 12)
            assert np.array_equal(np.load(folder + "/a.npy"), expected)
            for name in ["stored", "deflated"]:
                assert zipfile.ZipFile(f"{folder}/{name}.npz").testzip() is None
                with np.load(f"{folder}/{name}.npz") as arrays:
                    assert sorted(arrays.files) == ["none", "weight", "ä/bias"], arrays.files
                    assert arrays["weight"].dtype == np.float32 and np.array_equal(arrays["weight"], expected)
                    assert arrays["ä/bias"].shape == () and arrays["none"].shape == (0,)
            np.savez_compressed(folder + "/theirs.npz", x=np.asfortranarray(expected.astype(np.float64)))
            """, folder.path)
        #expect(try NPZ.read(folder["theirs.npz"]) == ["x": tensors[0].tensor])
    }
}
