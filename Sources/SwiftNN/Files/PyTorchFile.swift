/// PyTorch's own model files, `torch.save(model.state_dict(), path)` since version 1.6: a zip archive of a pickle with the
/// names and shapes, and a member of bare numbers for every storage. Nothing in the pickle is executed.
public enum PyTorchFile {
    /// Reads the tensors and NumPy arrays of a dictionary by name. Numbers that are not float32 become `Float`.
    ///
    /// - Throws: `FileError`, naming the tensor or the byte of the pickle, where the file is damaged or holds anything but
    ///   tensors by name: a whole model, or a checkpoint with a state dictionary among other things.
    public static func read(_ path: String) throws -> [String: Tensor] {
        let archive = try PyTorchArchive(path)
        let root = try PickleReader.read(archive.pickle, path: "\(path): data.pkl")
        guard let entries = root.entries else {
            throw FileError(path, "holds \(root.summary): a dictionary of tensors by name expected")
        }
        // Entries may share one key.
        var nameBytes = 0
        let names = try entries.map { entry in
            guard let name = entry.key.text else {
                throw entry.key.failure("a name expected, got \(entry.key.summary)")
            }
            nameBytes += name.utf8.count
            guard nameBytes <= archive.pickle.count else { throw entry.key.failure("a name that stands many times") }
            return name
        }
        var builder = PyTorchTensorBuilder(archive)
        var tensors = [String: Tensor]()
        for (name, entry) in zip(names, entries) {
            guard let tensor = try builder.tensor(entry.value, name: name) else {
                throw FileError(path, at: "entry \(name)", complaint(about: entry.value, name: name, among: names))
            }
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw FileError(path, at: "tensor \(name)", "the file has the name twice")
            }
        }
        return tensors
    }

    private static func complaint(about value: PickledValue, name: String, among names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", ..." : "")
        let advice = value.entries == nil ? "" : "; save what is in \(name) by itself"
        return "is \(value.summary); a dictionary of tensors by name expected, this one has \(shown)\(advice)"
    }

    /// Writes a state dictionary of float32 tensors, in place of the file that may be there.
    ///
    /// - Parameter tensors: written in this order, each in the order of its shape.
    /// - Throws: `FileError` where the file cannot be written or two tensors have one name; the old file then stays.
    public static func write(_ tensors: [NamedTensor], to path: String) throws {
        try tensors.requireDistinctNames(path: path)
        try AtomicFile.write(to: path) { file in
            var archive = ZipWriter(path: path)
            let descriptions = [
                ("data.pkl", pickle(tensors)), ("byteorder", Array("little".utf8)), ("version", Array("3\n".utf8)),
            ]
            for (name, content) in descriptions { try archive.append("archive/\(name)", content, to: file) }
            for (number, item) in tensors.enumerated() {
                // As PyTorch aligns them, so that they can be mapped into memory.
                try archive.append("archive/data/\(number)", item.tensor.fileBytes, alignment: 64, to: file)
            }
            try archive.finish(file)
        }
    }

    /// An OrderedDict of calls that rebuild each tensor from the storage of its number.
    private static func pickle(_ tensors: [NamedTensor]) -> [UInt8] {
        var pickle = PickleWriter()
        pickle.appendEmptyOrderedDict()
        pickle.append(.mark)
        for (number, item) in tensors.enumerated() {
            pickle.append(item.name)
            pickle.append(item.tensor, storage: number)
        }
        pickle.append(.setItems)
        return pickle.finished()
    }
}

extension PickleWriter {
    fileprivate mutating func appendEmptyOrderedDict() {
        appendGlobal(module: "collections", name: "OrderedDict")
        append(.emptyTuple)
        append(.reduce)
    }

    fileprivate mutating func append(_ tensor: Tensor, storage number: Int) {
        appendGlobal(module: "torch._utils", name: "_rebuild_tensor_v2")
        appendTuple { arguments in
            arguments.appendTuple { storage in
                storage.append("storage")
                storage.appendGlobal(module: "torch", name: "FloatStorage")
                storage.append("\(number)")
                storage.append("cpu")
                storage.append(tensor.count)
            }
            arguments.append(.binPersID)
            let offset = 0
            arguments.append(offset)
            arguments.append(tensor.shape)
            arguments.append(tensor.shape.contiguousStrides)
            // No gradient, no hooks.
            arguments.append(.newFalse)
            arguments.appendEmptyOrderedDict()
        }
        append(.reduce)
    }
}
