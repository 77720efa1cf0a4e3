/// Convolution (cross-correlation, as in PyTorch) of sequences: [N, inChannels, L] to [N, outChannels, L'] with
/// L' = ⌊(L + 2 · padding − dilation · (kernel − 1) − 1) / stride⌋ + 1.
public struct Conv1d: StandaloneLayer {
    /// The zeros before and after a sequence.
    public enum Padding1d: Sendable, Hashable, ExpressibleByIntegerLiteral {
        /// As many as keep the size, the odd one at the end; with stride 1 only.
        case same
        case explicit(before: Int, after: Int)
        /// None.
        public static let valid: Padding1d = 0
        /// The same number before and after.
        public init(integerLiteral both: Int) { self = .explicit(before: both, after: both) }

        fileprivate var horizontal: Padding {
            switch self {
            case .same: .same
            case .explicit(let before, let after): Padding(top: 0, bottom: 0, left: before, right: after)
            }
        }
    }

    private let convolution: Convolution
    public let runner = LayerRunner()

    /// [outChannels, inChannels / groups, kernel size]
    public var weight: Parameter { convolution.weight }
    /// [outChannels]
    public var bias: Parameter? { convolution.bias }

    /// - Parameters:
    ///   - groups: how many independent convolutions the channels are divided among.
    ///   - initializer: of the weights; PyTorch's default is uniform in ±1 / √fanIn, for the bias too.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: Int, stride: Int = 1, padding: Padding1d = .valid,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .pytorchDefault,
        biasInitializer: Initializer? = nil
    ) {
        convolution = Convolution(
            inChannels, outChannels, kernel: SpatialSize(1, kernelSize),
            weightShape: [outChannels, inChannels / max(groups, 1), kernelSize], stride: SpatialSize(1, stride),
            padding: padding.horizontal, dilation: SpatialSize(1, dilation), groups: groups, bias: bias,
            initializer: initializer, biasInitializer: biasInitializer)
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try convolution.build(builder, input, dimensions: 1)
    }

    public var namedParameters: [NamedParameter] { convolution.namedParameters }
    public var description: String { convolution.describe("Conv1d") { "\($0.width)" } }
}
