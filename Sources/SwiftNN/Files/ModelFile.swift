/// The formats of model files, by the extension of their names.
private enum ModelFormat {
    case safetensors
    case pyTorch
    case npz

    init(path: String) {
        let name = path.split(separator: "/").last ?? ""
        switch name.split(separator: ".").dropFirst().last?.lowercased() {
        case "pt", "pth": self = .pyTorch
        case "npz": self = .npz
        default: self = .safetensors
        }
    }
}

extension Layer {
    /// Saves all parameters and running statistics by PyTorch's names and in its order. The name of the file decides
    /// the format: `.pt` and `.pth` for PyTorch's own, `.npz` for NumPy's, safetensors for any other.
    ///
    /// - Parameter metadata: texts that go with them, which only safetensors can keep.
    /// - Throws: `FileError`, also for metadata that the format cannot keep; a file that stood there then stays as it
    ///   was.
    public func save(to path: String, metadata: [String: String] = [:]) throws {
        let format = ModelFormat(path: path)
        guard metadata.isEmpty || format == .safetensors else {
            throw FileError(path, "the format keeps no metadata: save as .safetensors")
        }
        switch format {
        case .safetensors: try Safetensors.write(state, metadata: metadata, to: path)
        case .pyTorch: try PyTorchFile.write(state, to: path)
        case .npz: try NPZ.write(state, to: path)
        }
    }

    /// Loads what `save` wrote, or what Python did with `model.state_dict()`: `torch.save(state, path)` (`.pt`, `.pth`),
    /// `numpy.savez(path, **arrays)` (`.npz`) or `safetensors.torch.save_file(state, path)` (any other name).
    ///
    /// - Returns: the texts that go with the tensors; none in formats other than safetensors.
    /// - Throws: `FileError` where the file is damaged or of another model, whose parameters it then leaves alone.
    @discardableResult
    public func load(from path: String) throws -> [String: String] {
        let tensors: [String: Tensor]
        var metadata: [String: String] = [:]
        switch ModelFormat(path: path) {
        case .safetensors: (tensors, metadata) = try Safetensors.read(path)
        case .pyTorch: tensors = try PyTorchFile.read(path)
        case .npz: tensors = try NPZ.read(path)
        }
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
