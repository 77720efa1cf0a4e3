/// The binary version of CIFAR-10: files of records, each a label and a red, a green and a blue plane of 32 x 32 pixels.
enum CIFAR10 {
    static let shape = [3, 32, 32]
    static let trainFiles = (1...5).map { "data_batch_\($0).bin" }
    static let testFile = "test_batch.bin"
    static let classFile = "batches.meta.txt"

    /// The names of the classes, a line each.
    static func readClassNames(in directory: String) throws -> [String] {
        let path = directory + "/" + classFile
        let names = String(decoding: try SystemFile.read(path), as: UTF8.self).split(whereSeparator: \.isNewline)
        guard names.count == 10 else { throw FileError(path, "\(names.count) class names, 10 expected") }
        return names.map(String.init)
    }

    /// The labels, and the pixels as [N, 3, 32, 32].
    ///
    /// - Throws: `FileError` where a file is missing, ends within a record, has a label that is no class, or has not as
    ///   many records as the first one.
    static func readRecords(_ names: [String], in directory: String) throws -> (labels: [Int32], pixels: [UInt8]) {
        var labels = [Int32]()
        var pixels = [UInt8]()
        let files = try names.map { try readFile(directory + "/" + $0) }
        pixels.reserveCapacity(files.reduce(0) { $0 + $1.records } * shape.product)
        for file in files {
            guard file.records == files[0].records else {
                throw FileError(file.path, "\(file.records) records, \(names[0]) has \(files[0].records)")
            }
            for record in 0..<file.records {
                labels.append(try label(of: record, in: file))
                pixels += file.bytes[record * recordSize + 1..<(record + 1) * recordSize]
            }
        }
        return (labels, pixels)
    }

    private typealias RecordFile = (path: String, bytes: [UInt8], records: Int)

    private static let recordSize = 1 + shape.product

    private static func readFile(_ path: String) throws -> RecordFile {
        let bytes = try SystemFile.read(path)
        let (records, rest) = bytes.count.quotientAndRemainder(dividingBy: recordSize)
        guard rest == 0, records > 0 else {
            throw FileError(
                path, at: "record \(records)", "cut off or too long: \(rest) bytes, a record has \(recordSize)")
        }
        return (path, bytes, records)
    }

    private static func label(of record: Int, in file: RecordFile) throws -> Int32 {
        let label = file.bytes[record * recordSize]
        guard label < 10 else {
            throw FileError(file.path, at: "record \(record)", "label \(label) is outside of 0..<10")
        }
        return Int32(label)
    }
}
