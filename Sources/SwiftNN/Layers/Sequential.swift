/// Layers one after the other.
///
/// ```swift
/// let model = Sequential {
///     Flatten()
///     Linear(784, 256)
///     ReLU()
///     Linear(256, 10)
/// }
/// ```
public struct Sequential: ContainerLayer, StandaloneLayer {
    public let layers: [any Layer]
    public let runner = LayerRunner()

    public init(_ layers: [any Layer]) { self.layers = layers }

    public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        var value = input
        for (index, layer) in layers.enumerated() { value = try builder.build(layer, named: "\(index)", value) }
        return value
    }

    public var namedParameters: [NamedParameter] {
        layers.enumerated().flatMap { index, layer in layer.namedParameters(under: "\(index)") }
    }

    public var description: String { "Sequential(\(layers.map(\.description).joined(separator: ", ")))" }
}

extension Layer {
    /// The layer's parameters with a prefix and a dot before their names, as a container lists them.
    public func namedParameters(under prefix: String) -> [NamedParameter] {
        namedParameters.map { NamedParameter("\(prefix).\($0.name)", $0.parameter) }
    }
}

/// Collects the layers of a `Sequential`; `if` and `for` may be used.
@resultBuilder
public enum LayerBuilder {
    public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
    public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
    public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
    public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
    public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
    public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
    public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
