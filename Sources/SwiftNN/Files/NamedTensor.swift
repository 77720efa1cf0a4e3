/// A tensor and its name in a file.
public struct NamedTensor: Sendable, Equatable {
    public let name: String
    public let tensor: Tensor

    public init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

extension Tensor {
    /// The elements in the order of the shape, little-endian as on every CPU that Swift runs on.
    var fileBytes: [UInt8] { contiguous().withSpan { span in span.withUnsafeBytes { Array($0) } } }
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
