/// The binary version of CIFAR-10: files of records, each a byte for the label and then the planes.
enum CIFAR10Binary: CIFAR10Version {
    static let trainFiles = (1...5).map { "data_batch_\($0).bin" }
    static let testFile = "test_batch.bin"
    static let classFile = "batches.meta.txt"

    private static let recordSize = 1 + CIFAR10.shape.product

    /// - Throws: `FileError` where the file is missing or ends within a record.
    static func readBatch(_ path: String) throws -> CIFAR10.Batch {
        let bytes = try Gzip.readFile(path)
        let (records, rest) = bytes.count.quotientAndRemainder(dividingBy: recordSize)
        guard rest == 0, records > 0 else {
            throw FileError(
                path, at: "record \(records)", "cut off or too long: \(rest) bytes, a record has \(recordSize)")
        }
        let starts = (0..<records).map { $0 * recordSize }
        var pixels = [UInt8]()
        pixels.reserveCapacity(records * CIFAR10.shape.product)
        for start in starts { pixels += bytes[start + 1..<start + recordSize] }
        return CIFAR10.Batch(path: path, labels: starts.map { Int(bytes[$0]) }, pixels: pixels)
    }

    /// The lines of a text.
    static func readClassNames(_ path: String) throws -> [String] {
        String(decoding: try Gzip.readFile(path), as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }
}
