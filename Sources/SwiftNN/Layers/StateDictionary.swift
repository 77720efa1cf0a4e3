/// A set of tensors that does not fit the model it was to be loaded into.
public struct StateError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

extension Layer {
    /// All parameters and running statistics by PyTorch's names, in the order of the model.
    public var state: [NamedTensor] { namedParameters.map { NamedTensor($0.name, $0.parameter.value) } }

    /// Takes over the values of all parameters and running statistics; nothing changes where one does not fit.
    ///
    /// - Parameter ignoring: names that may be there although the model does not know them; by default PyTorch's count
    ///   of batches.
    /// - Throws: `StateError` naming the tensors that are missing, unknown or of another shape.
    public func load(
        _ state: [String: Tensor], ignoring: (String) -> Bool = { $0.hasSuffix("num_batches_tracked") }
    ) throws {
        let own = namedParameters
        try own.requireFit(state, ignoring: ignoring)
        for named in own {
            if let tensor = state[named.name] { named.parameter.value = tensor }
        }
    }
}

extension [NamedParameter] {
    /// Throws where there is not one tensor for each parameter, of its shape, and no others but those to ignore.
    func requireFit(_ state: [String: Tensor], ignoring: (String) -> Bool = { _ in false }) throws {
        let missing = map(\.name).filter { state[$0] == nil }
        let unknown = Set(state.keys).subtracting(map(\.name)).filter { !ignoring($0) }.sorted()
        guard missing.isEmpty && unknown.isEmpty else {
            let complaints = [list("lacks", missing), list("has unknown", unknown)].compactMap { $0 }
            throw StateError(description: "another model: \(complaints.joined(separator: "; "))")
        }
        for named in self {
            guard let tensor = state[named.name], tensor.shape != named.parameter.shape else { continue }
            throw StateError(
                description:
                    "another model: tensor \(named.name): expected shape \(named.parameter.shape), got \(tensor.shape)")
        }
    }

    private func list(_ verb: String, _ names: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        let shown = names.prefix(3).joined(separator: ", ")
        return "\(verb) \(shown)\(names.count > 3 ? " and \(names.count - 3) more" : "")"
    }
}
