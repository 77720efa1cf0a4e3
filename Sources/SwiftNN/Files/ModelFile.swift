extension Layer {
    /// Saves all parameters and running statistics as safetensors, by PyTorch's names and in its order.
    ///
    /// - Parameter metadata: texts that go with them.
    /// - Throws: `FileError`; a file that stood there then stays as it was.
    public func save(to path: String, metadata: [String: String] = [:]) throws {
        try Safetensors.write(state, metadata: metadata, to: path)
    }

    /// Loads what `save` wrote, or PyTorch's `safetensors.torch.save_file(model.state_dict(), path)`.
    ///
    /// - Returns: the texts that go with the tensors.
    /// - Throws: `FileError` where the file is damaged or of another model, whose parameters it then leaves alone.
    @discardableResult
    public func load(from path: String) throws -> [String: String] {
        let (tensors, metadata) = try Safetensors.read(path)
        try load(tensors, readFrom: path)
        return metadata
    }

    /// Takes over tensors that were read from a file.
    ///
    /// - Throws: `FileError`, naming the file, where they are of another model, whose parameters it then leaves alone.
    public func load(_ tensors: [String: Tensor], readFrom path: String) throws {
        do {
            try load(tensors)
        } catch let error as StateError {
            throw FileError(path, error.description)
        }
    }
}
