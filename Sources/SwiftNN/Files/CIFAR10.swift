/// CIFAR-10: five files of pictures for training, one for the test, and the names of the classes. A picture is a label
/// and a red, a green and a blue plane of 32 x 32 pixels. The same content is published in two versions.
enum CIFAR10 {
    static let shape = [3, 32, 32]
    static let classCount = 10

    /// The pictures of one file: pixels are [N, 3, 32, 32].
    struct Batch {
        let path: String
        let labels: [Int]
        let pixels: [UInt8]
    }

    /// The version that is in a directory.
    static func version(in directory: String) -> any CIFAR10Version.Type {
        DatasetSource.cifar10.fileNames(in: directory) == CIFAR10Pickled.files
            ? CIFAR10Pickled.self : CIFAR10Binary.self
    }

    /// The pictures of several files as one.
    ///
    /// - Throws: `FileError` where a file is missing or damaged, has a label that is no class, or has not as many
    ///   records as the first one.
    static func readBatches(
        _ names: [String], of version: any CIFAR10Version.Type, in directory: String
    ) throws -> (labels: [Int32], pixels: [UInt8]) {
        let batches = try names.map { try version.readBatch(DatasetSource.path(of: $0, in: directory)) }
        for batch in batches where batch.labels.count != batches[0].labels.count {
            throw FileError(
                batch.path, "\(batch.labels.count) records, \(names[0]) has \(batches[0].labels.count)")
        }
        return (try batches.flatMap(checkedLabels), batches.count == 1 ? batches[0].pixels : batches.flatMap(\.pixels))
    }

    private static func checkedLabels(_ batch: Batch) throws -> [Int32] {
        try batch.labels.enumerated().map { record, label in
            guard 0..<classCount ~= label else {
                throw FileError(
                    batch.path, at: "record \(record)", "label \(label) is outside of 0..<\(classCount)")
            }
            return Int32(label)
        }
    }

    /// The names of the classes.
    static func readClassNames(of version: any CIFAR10Version.Type, in directory: String) throws -> [String] {
        let path = DatasetSource.path(of: version.classFile, in: directory)
        let names = try version.readClassNames(path)
        guard names.count == classCount else {
            throw FileError(path, "\(names.count) class names, \(classCount) expected")
        }
        return names
    }
}

/// How one of the versions names and writes its files.
protocol CIFAR10Version {
    static var trainFiles: [String] { get }
    static var testFile: String { get }
    static var classFile: String { get }

    static func readBatch(_ path: String) throws -> CIFAR10.Batch
    static func readClassNames(_ path: String) throws -> [String]
}

extension CIFAR10Version {
    static var files: [String] { trainFiles + [testFile, classFile] }
}
