/// The Python version of CIFAR-10: dictionaries that Python 2 pickled, with the pixels in a NumPy array. Read without
/// executing anything; pickled again by Python 3 they are read, too.
enum CIFAR10Pickled: CIFAR10Version {
    static let trainFiles = (1...5).map { "data_batch_\($0)" }
    static let testFile = "test_batch"
    static let classFile = "batches.meta"

    /// - Throws: `FileError` where the file is missing, damaged, or not a dictionary of `data` and `labels`.
    static func readBatch(_ path: String) throws -> CIFAR10.Batch {
        let batch = try PickleReader.read(Gzip.readFile(path), path: path)
        guard let items = batch["labels"]?.items, !items.isEmpty,
            let array = try batch["data"].flatMap({ try PickledArray($0) })
        else {
            throw FileError(path, "\(batch.summary) without a list of labels or an array of data")
        }
        let expected = [items.count, CIFAR10.shape.product]
        guard array.layout.type == .uint8, array.layout.isInOrder, array.layout.shape == expected else {
            let (type, shape) = (array.layout.type, array.layout.shape)
            throw FileError(path, "data are \(type) of shape \(shape), uint8 of shape \(expected) expected")
        }
        if let problem = array.layout.problem(array.data.count) { throw FileError(path, at: "data", problem) }
        let labels = try items.map { item in
            guard let label = item.integer else { throw item.failure("a label expected, got \(item.summary)") }
            return label
        }
        return CIFAR10.Batch(path: path, labels: labels, pixels: Array(array.data))
    }

    static func readClassNames(_ path: String) throws -> [String] {
        let meta = try PickleReader.read(Gzip.readFile(path), path: path)
        guard let items = meta["label_names"]?.items else {
            throw FileError(path, "\(meta.summary) without label_names")
        }
        return try items.map { item in
            guard let name = item.text else { throw item.failure("a name expected, got \(item.summary)") }
            return name
        }
    }
}
