import SwiftNN
import TestSupport

/// Small files in the form of MNIST: 12 images of 4 x 4 for training and 5 for the test, compressed or not.
func writeMNIST(_ folder: TemporaryFolder, _ name: String, compressed: Bool = false) throws {
    func write(_ bytes: [UInt8], _ file: String) throws {
        try writeData(bytes, folder, "\(name)/\(file)", compressed: compressed)
    }
    for (prefix, count) in [("train", 12), ("t10k", 5)] {
        let pixels = (0..<count * 16).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try write(idxBytes([count, 4, 4], data: pixels), "\(prefix)-images-idx3-ubyte")
        try write(idxBytes([count], data: (0..<count).map { UInt8($0 % 10) }), "\(prefix)-labels-idx1-ubyte")
    }
}

/// A record of CIFAR-10 whose planes hold one value each.
func cifarRecord(_ label: UInt8, _ planes: [UInt8]) -> [UInt8] {
    [label] + planes.flatMap { Array(repeating: $0, count: 1024) }
}

/// CIFAR-10 with two records a file, compressed or not.
func writeCIFAR10(_ folder: TemporaryFolder, _ name: String, compressed: Bool = false) throws {
    for file in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
        let records = cifarRecord(3, [1, 2, 3]) + cifarRecord(9, [4, 5, 6])
        try writeData(records, folder, "\(name)/\(file)", compressed: compressed)
    }
    let names = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"
    try writeData(Array(names.utf8), folder, "\(name)/batches.meta.txt", compressed: compressed)
}

private func writeData(_ bytes: [UInt8], _ folder: TemporaryFolder, _ path: String, compressed: Bool) throws {
    try folder.write(compressed ? Gzip.compress(bytes) : bytes, compressed ? path + ".gz" : path)
}
