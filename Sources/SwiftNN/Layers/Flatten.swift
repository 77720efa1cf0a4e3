/// [N, a, b, ...] to [N, a·b·...], in PyTorch's order of elements.
///
/// Costs nothing: the activations stay channels-last in memory, until the next `Linear` reorders them or, in inference,
/// packs its columns to match.
public struct Flatten: StandaloneLayer {
    public let runner = LayerRunner()

    public init() {}

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try builder.require(input.shape.count >= 2, expected: "[N, ...]", got: input.shape)
        guard input.shape.count > 2 else { return input }
        let shape = [input.shape[0], input.shape.dropFirst().product]
        guard input.order == .channelsLast else { return builder.view(input, shape: shape, order: .contiguous) }
        let (channels, spatial) = (input.shape[1], input.shape.dropFirst(2).product)
        let order: ElementOrder =
            channels == 1 || spatial == 1 ? .contiguous : .flattenedChannelsLast(channels: channels, spatial: spatial)
        return builder.view(input, shape: shape, order: order)
    }

    public var description: String { "Flatten()" }
}
