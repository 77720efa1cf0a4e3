/// An activation over a flat array, forward and backward.
public struct ActivationCase: KernelCase {
    /// The value of the kind in C's snn_activation_kind.
    public var kind: UInt32
    public var parameter: Float = 0
    public var count: Int

    public static let names = [
        "identity", "step", "sigmoid", "tanh", "arctan", "relu", "leaky-relu", "elu", "gelu", "gelu-sigmoid",
        "gelu-tanh", "silu", "softplus",
    ]

    public var description: String { "\(Self.names[Int(kind)])(\(parameter)) \(count)" }

    public var operations: Int { count }

    /// Every kind, with the parameters that change its branches.
    public static let kinds: [(kind: UInt32, parameter: Float)] =
        (0..<UInt32(names.count)).map { ($0, $0 == 6 ? 0.01 : 1) } + [(6, -0.5), (6, 0), (7, 0.25), (7, 0)]

    /// Tails at every vector width, and enough for several spans and threads.
    public static let all: [ActivationCase] =
        kinds.flatMap { kind, parameter in
            [0, 1, 3, 7, 8, 17, 31, 33, 4_103].map { ActivationCase(kind: kind, parameter: parameter, count: $0) }
        } + [ActivationCase(kind: 5, count: 40_003), ActivationCase(kind: 6, parameter: 0.1, count: 40_003)]
}

/// PReLU over rows of channels, with one slope for all or one per channel.
public struct PReLUCase: KernelCase {
    public var rows: Int, channels: Int, slopes: Int

    public var description: String { "prelu \(rows)x\(channels) slopes=\(slopes)" }

    public var operations: Int { rows * channels }

    public static let all: [PReLUCase] =
        [(0, 5), (5, 0), (1, 1), (3, 7), (7, 3), (300, 17), (600, 33), (20, 1000), (20_003, 1)].flatMap {
            rows, channels in
            [1, channels].map { PReLUCase(rows: rows, channels: channels, slopes: $0) }
        } + [1, 64].map { PReLUCase(rows: 16_384, channels: 64, slopes: $0) }
}
