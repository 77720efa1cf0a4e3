/// A tensor and its name in a file.
public struct NamedTensor: Sendable, Equatable {
    public let name: String
    public let tensor: Tensor

    public init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

extension [NamedTensor] {
    /// Throws where a file at `path` would get two tensors of one name.
    func requireDistinctNames(path: String) throws {
        var seen = Set<String>()
        for item in self where !seen.insert(item.name).inserted {
            throw FileError(path, at: "tensor \(item.name)", "the name is used twice")
        }
    }
}
