/// A part of a network. A layer describes: what it computes is in the operations that `build` adds to a plan, and its
/// numbers are in its parameters, which copies of the layer share.
///
/// Build one from others by passing a value through them in `build`, or write its mathematics in Swift as a
/// `CustomLayer`.
public protocol Layer: CustomStringConvertible {
    /// Adds the layer to a plan. Every value is passed on once: `PlanBuilder.fork` makes two of one.
    ///
    /// - Throws: `ShapeError` where the input does not fit (`PlanBuilder.require`).
    func build(_ builder: PlanBuilder, _ input: Value) throws -> Value

    /// The parameters with PyTorch's names: "weight", "bias", "running_mean".
    var namedParameters: [NamedParameter] { get }
}

/// A layer that only arranges others, such as `Sequential`: it has no line of its own in a plan's summary.
public protocol ContainerLayer: Layer {}

extension Layer {
    public var namedParameters: [NamedParameter] { [] }

    /// The parameters that are learned, each once, also where layers share it.
    public var parameters: [Parameter] {
        var seen: Set<ObjectIdentifier> = []
        return namedParameters.map(\.parameter).filter {
            $0.requiresGradient && seen.insert(ObjectIdentifier($0)).inserted
        }
    }

    /// How many numbers the layer learns.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// Draws every parameter anew from its initialiser; the same seed gives the same bits.
    public func initialize(seed: UInt64) {
        for (index, named) in namedParameters.enumerated() {
            let seed = RandomStream.derivedSeed(from: seed, index: index)
            named.parameter.value = named.parameter.initializer.makeTensor(named.parameter.shape, seed: seed)
        }
    }

    /// Clears the gradients of all parameters.
    public func clearGradients() {
        for named in namedParameters { named.parameter.clearGradient() }
    }
}
