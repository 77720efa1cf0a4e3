import Foundation
import SwiftNN
import Testing

/// Numbers computed by PyTorch: a file that Tests/Fixtures/make_pytorch.py wrote.
public struct Fixture: Sendable {
    private let tensors: [String: Tensor]

    public static let layers = Fixture("layers")
    public static let losses = Fixture("losses")
    public static let optimizers = Fixture("optimizers")
    public static let schedules = Fixture("schedules")
    public static let trainings = Fixture("trainings")
    public static let conv1d = Fixture("conv1d")
    public static let resizing = Fixture("resizing")

    private init(_ name: String) {
        let path = Bundle.module.path(forResource: name, ofType: "safetensors", inDirectory: "Fixtures")
        tensors = (try? Safetensors.read(path ?? "\(name).safetensors").tensors) ?? [:]
    }

    /// The tensor of a name; fails the test where there is none.
    public func tensor(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Tensor {
        try #require(tensors[name], "the fixture has no \(name)", sourceLocation: sourceLocation)
    }

    public func optional(_ name: String) -> Tensor? { tensors[name] }

    /// What follows `prefix` in the names of tensors.
    public func names(under prefix: String) -> [String] {
        tensors.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    /// The tensors whose names start with `prefix`, without it.
    public func tensors(under prefix: String) -> [String: Tensor] {
        Dictionary(
            uniqueKeysWithValues: names(under: prefix).map { ($0, tensors[prefix + $0]) }.compactMap { name, tensor in
                tensor.map { (name, $0) }
            })
    }
}
