/// The maximum of each window of [N, C, H, W].
public struct MaxPool2d: StandaloneLayer {
    private let pooling: Pooling
    public let runner = LayerRunner()

    /// - Parameters:
    ///   - stride: nil for the kernel size.
    ///   - padding: at most half of the window, as wide as dilation makes it, on each side; it is never the maximum.
    ///   - ceilMode: round the output size up instead of down.
    public init(
        _ kernelSize: SpatialSize, stride: SpatialSize? = nil, padding: Padding = .valid, dilation: SpatialSize = 1,
        ceilMode: Bool = false
    ) {
        pooling = Pooling(
            kind: .max, kernel: kernelSize, stride: stride ?? kernelSize, padding: padding, dilation: dilation,
            ceilMode: ceilMode)
    }

    public var description: String { pooling.describe("MaxPool2d") { "\($0)" } }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try pooling.build(builder, input, dimensions: 2)
    }
}

/// The mean of each window of [N, C, H, W].
public struct AvgPool2d: StandaloneLayer {
    private let pooling: Pooling
    public let runner = LayerRunner()

    /// - Parameters:
    ///   - stride: nil for the kernel size.
    ///   - padding: at most half of the window on each side.
    ///   - ceilMode: round the output size up instead of down.
    ///   - countIncludePad: whether padding counts in the divisor.
    public init(
        _ kernelSize: SpatialSize, stride: SpatialSize? = nil, padding: Padding = .valid, ceilMode: Bool = false,
        countIncludePad: Bool = true
    ) {
        pooling = Pooling(
            kind: .average, kernel: kernelSize, stride: stride ?? kernelSize, padding: padding, ceilMode: ceilMode,
            countIncludePad: countIncludePad)
    }

    public var description: String { pooling.describe("AvgPool2d") { "\($0)" } }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try pooling.build(builder, input, dimensions: 2)
    }
}

/// The maximum of each window of [N, C, L].
public struct MaxPool1d: StandaloneLayer {
    private let pooling: Pooling
    public let runner = LayerRunner()

    /// The other parameters are those of `MaxPool2d`.
    ///
    /// - Parameter stride: nil for the kernel size.
    public init(_ kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false) {
        pooling = Pooling(
            kind: .max, kernel: SpatialSize(1, kernelSize), stride: SpatialSize(1, stride ?? kernelSize),
            padding: Padding(0, padding), dilation: SpatialSize(1, dilation), ceilMode: ceilMode)
    }

    public var description: String { pooling.describe("MaxPool1d") { "\($0.width)" } }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try pooling.build(builder, input, dimensions: 1)
    }
}

/// The mean of each window of [N, C, L].
public struct AvgPool1d: StandaloneLayer {
    private let pooling: Pooling
    public let runner = LayerRunner()

    /// The other parameters are those of `AvgPool2d`.
    ///
    /// - Parameter stride: nil for the kernel size.
    public init(
        _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        pooling = Pooling(
            kind: .average, kernel: SpatialSize(1, kernelSize), stride: SpatialSize(1, stride ?? kernelSize),
            padding: Padding(0, padding), ceilMode: ceilMode, countIncludePad: countIncludePad)
    }

    public var description: String { pooling.describe("AvgPool1d") { "\($0.width)" } }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try pooling.build(builder, input, dimensions: 1)
    }
}

/// The maximum of each channel over the whole image: [N, C, H, W] to [N, C, 1, 1].
public struct GlobalMaxPool2d: StandaloneLayer {
    public let runner = LayerRunner()
    public init() {}
    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try Pooling(kind: .max, kernel: nil, stride: 1, padding: .valid).build(builder, input, dimensions: 2)
    }
    public var description: String { "GlobalMaxPool2d()" }
}

/// The mean of each channel over the whole image: [N, C, H, W] to [N, C, 1, 1].
public struct GlobalAvgPool2d: StandaloneLayer {
    public let runner = LayerRunner()
    public init() {}
    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try Pooling(kind: .average, kernel: nil, stride: 1, padding: .valid).build(builder, input, dimensions: 2)
    }
    public var description: String { "GlobalAvgPool2d()" }
}
