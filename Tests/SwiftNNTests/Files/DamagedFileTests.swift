import SwiftNN
import TestSupport
import Testing

/// Small valid files of every format, cut off everywhere and changed at random: a reader may throw `FileError`, never
/// crash, and never take a part for the whole.
@Suite struct DamagedFileTests {
    enum Format: String, CaseIterable, Sendable {
        case idx, idxGzip, safetensors, npy, npz, npzDeflated, pyTorch

        func write(to path: String) throws {
            let tensors = [
                NamedTensor("a", Tensor((0..<6).map(Float.init), shape: [2, 3])), NamedTensor("b", Tensor([1])),
            ]
            let idx = idxBytes([2, 3], data: [1, 2, 3, 4, 5, 6])
            switch self {
            case .idx: try AtomicFile.write(idx, to: path)
            case .idxGzip: try AtomicFile.write(Gzip.compress(idx), to: path)
            case .safetensors: try Safetensors.write(tensors, metadata: ["k": "v"], to: path)
            case .npy: try NPY.write(tensors[0].tensor, to: path)
            case .npz: try NPZ.write(tensors, to: path)
            case .npzDeflated: try NPZ.write(tensors, compressed: true, to: path)
            case .pyTorch: try PyTorchFile.write(tensors, to: path)
            }
        }

        func read(_ path: String) throws {
            switch self {
            case .idx, .idxGzip: _ = try IDX.read(path).tensor
            case .safetensors: _ = try Safetensors.read(path)
            case .npy: _ = try NPY.read(path)
            case .npz, .npzDeflated: _ = try NPZ.read(path)
            case .pyTorch: _ = try PyTorchFile.read(path)
            }
        }
    }

    @Test(arguments: Format.allCases)
    func everyTruncationAndExtensionIsSeen(format: Format) throws {
        let folder = try TemporaryFolder()
        try format.write(to: folder["good"])
        try format.read(folder["good"])
        let good = try contents(of: folder["good"])
        for count in good.indices {
            let path = try folder.write(good[..<count], "bad")
            #expect(throws: FileError.self, "\(format) of \(count) bytes") { try format.read(path) }
        }
        let path = try folder.write(good + [0], "bad")
        #expect(throws: FileError.self) { try format.read(path) }
    }

    @Test(arguments: Format.allCases)
    func changedBytesCrashNothing(format: Format) throws {
        let folder = try TemporaryFolder()
        try format.write(to: folder["good"])
        for bytes in damaged(try contents(of: folder["good"]), count: 1000, seed: 7) {
            let path = try folder.write(bytes, "bad")
            do {
                try format.read(path)
            } catch let error {
                #expect(error is FileError, "\(format): \(error)")
            }
        }
    }
}

/// Copies of `good` with one to three bytes changed at random, to extreme values more often than to others.
func damaged(_ good: [UInt8], count: Int, seed: UInt64) -> some Sequence<[UInt8]> {
    var random = RandomStream(seed: seed)
    return (0..<count).lazy.map { _ in
        var bytes = good
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: bytes.indices, using: &random)
            let extremes: [UInt8] = [
                0, 0xff, 0x7f, 0x80, bytes[place] ^ 1, UInt8.random(in: 0...255, using: &random),
            ]
            bytes[place] = extremes.randomElement(using: &random) ?? 0
        }
        return bytes
    }
}
