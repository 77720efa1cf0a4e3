/// Convolution (cross-correlation, as in PyTorch) of images: [N, inChannels, H, W] to [N, outChannels, H', W'] with
/// H' = ⌊(H + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1, and W' likewise.
public struct Conv2d: StandaloneLayer {
    private let convolution: Convolution
    public let runner = LayerRunner()

    /// [outChannels, inChannels / groups, kernel height, kernel width]
    public var weight: Parameter { convolution.weight }
    /// [outChannels]
    public var bias: Parameter? { convolution.bias }

    /// - Parameters:
    ///   - groups: how many independent convolutions the channels are divided among; inChannels for a depthwise one.
    ///   - initializer: of the weights; PyTorch's default is uniform in ±1 / √fanIn, for the bias too.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: SpatialSize, stride: SpatialSize = 1,
        padding: Padding = .valid, dilation: SpatialSize = 1, groups: Int = 1, bias: Bool = true,
        initializer: Initializer = .pytorchDefault, biasInitializer: Initializer? = nil
    ) {
        convolution = Convolution(
            inChannels, outChannels, kernel: kernelSize,
            weightShape: [outChannels, inChannels / max(groups, 1), kernelSize.height, kernelSize.width],
            stride: stride,
            padding: padding, dilation: dilation, groups: groups, bias: bias, initializer: initializer,
            biasInitializer: biasInitializer)
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try convolution.build(builder, input, dimensions: 2)
    }

    public var namedParameters: [NamedParameter] { convolution.namedParameters }
    public var description: String { convolution.describe("Conv2d") { "\($0)" } }
}
