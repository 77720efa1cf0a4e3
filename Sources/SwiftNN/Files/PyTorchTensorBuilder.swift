/// Makes tensors of their descriptions in a PyTorch file.
struct PyTorchTensorBuilder {
    private let archive: PyTorchArchive
    /// Storages by key: tensors may share them.
    private var storages: [String: (type: StoredType, numbers: Tensor)] = [:]
    /// How many elements may yet be made. Views that repeat elements could ask for any memory; of an honest file all
    /// tensors together have hardly more elements than it has bytes.
    private var elementsLeft: Int

    init(_ archive: PyTorchArchive) {
        self.archive = archive
        elementsLeft = archive.byteCount + (1 << 22)
    }

    /// The tensor that a value of the pickle describes; nil where the value is neither a tensor nor an array.
    ///
    /// - Throws: `FileError` naming the tensor where the description is malformed or does not fit its storage.
    mutating func tensor(_ value: PickledValue, name: String) throws -> Tensor? {
        if let array = try PickledArray(value) {
            try spend(array.data.count, name)
            return try array.tensor()
        }
        // A parameter wraps the tensor: _rebuild_parameter(tensor, requires_grad, hooks).
        let description = value.call(.rebuildParameter)?.arguments.first ?? value
        guard let call = description.call(.rebuildTensor) else { return nil }
        // (storage, offset, shape, strides, requires_grad, hooks), and more in newer versions.
        let arguments = call.arguments
        guard arguments.count >= 4, let offset = arguments[1].integer, let shape = arguments[2].sizes,
            let strides = arguments[3].sizes, shape.count == strides.count
        else { throw failure(name, "its storage, offset, shape or strides are missing or malformed") }
        let storage = try storage(arguments[0], name)
        guard let count = shape.checkedProduct, Self.fits(shape, strides, offset, storage.count) else {
            throw failure(
                name,
                "shape \(shape) with strides \(strides) from \(offset) on is outside of the storage's \(storage.count)")
        }
        try spend(count, name)
        return storage.gathered(shape: shape, strides: strides, offset: offset)
    }

    private mutating func spend(_ count: Int, _ name: String) throws {
        guard count <= elementsLeft else { throw failure(name, "the tensors repeat the numbers of the file too often") }
        elementsLeft -= count
    }

    /// Whether the first and the last element lie within a number of elements.
    private static func fits(_ shape: [Int], _ strides: [Int], _ offset: Int, _ count: Int) -> Bool {
        guard offset >= 0, offset <= count else { return false }
        guard shape.allSatisfy({ $0 > 0 }) else { return true }
        var last = offset
        for (size, stride) in zip(shape, strides) {
            let (distance, isTooFar) = (size - 1).multipliedReportingOverflow(by: stride)
            guard !isTooFar, distance < count - last else { return false }
            last += distance
        }
        return last < count
    }

    /// The numbers of a storage, named as ("storage", class, key, device, count).
    private mutating func storage(_ value: PickledValue, _ name: String) throws -> Tensor {
        guard let id = value.persistentID?.items, id.count == 5, id[0].text == "storage",
            case .global(.storage(let type)) = id[1].value, let key = id[2].text, let count = id[4].integer
        else { throw failure(name, "its storage is malformed") }
        if let known = storages[key] {
            guard known.type == type else {
                throw failure(name, "storage \(key) is \(known.type) elsewhere, here \(type)")
            }
            return known.numbers
        }
        guard let bytes = archive.storage(key) else { throw failure(name, "the file lacks its storage data/\(key)") }
        guard count >= 0, [count, type.size].checkedProduct == bytes.count else {
            throw failure(name, "storage \(key) has \(bytes.count) bytes, not \(count) numbers of \(type)")
        }
        let numbers = type.floats(bytes[...], count: count, order: archive.order, shape: [count])
        storages[key] = (type, numbers)
        return numbers
    }

    private func failure(_ name: String, _ problem: String) -> FileError {
        FileError(archive.path, at: "tensor \(name)", problem)
    }
}
