/// A normalisation of a rows x channels matrix to test and, where `measured`, to time: batch norm and layer norm.
public struct NormCase: KernelCase {
    public var rows: Int, channels: Int
    /// What the inputs are distributed about, and how far.
    public var mean: Float, deviation: Float
    public var measured: Bool

    public init(rows: Int, channels: Int, mean: Float = 0.25, deviation: Float = 1, measured: Bool = false) {
        (self.rows, self.channels, self.mean, self.deviation) = (rows, channels, mean, deviation)
        self.measured = measured
    }

    public var description: String { "norm \(rows)x\(channels) mean=\(mean) deviation=\(deviation)" }

    public var operations: Int { rows * channels }

    public static let all: [NormCase] = edges + measuredShapes

    /// Rows around the groups and chunks, channels around every vector width, the segments and tiles, far-off means.
    static let edges: [NormCase] =
        [1, 3, 7, 17, 33].flatMap { channels in
            [1, 2, 8, 9, 31, 100].map { NormCase(rows: $0, channels: channels) }
        } + [
            NormCase(rows: 0, channels: 5), NormCase(rows: 5, channels: 0), NormCase(rows: 1200, channels: 10),
            NormCase(rows: 33_000, channels: 3), NormCase(rows: 70, channels: 130), NormCase(rows: 40, channels: 1030),
            NormCase(rows: 3, channels: 2100), NormCase(rows: 500, channels: 300),
            NormCase(rows: 4000, channels: 12, mean: 1000, deviation: 0.1),
            NormCase(rows: 64, channels: 300, mean: 1000, deviation: 0.1),
            NormCase(rows: 64, channels: 33, mean: -1000, deviation: 0.1),
        ]

    /// The batch norms of a small convolutional network, and layer norms of a transformer's size.
    static let measuredShapes: [NormCase] = [
        NormCase(rows: 64 * 32 * 32, channels: 64, measured: true),
        NormCase(rows: 64 * 16 * 16, channels: 128, measured: true),
        NormCase(rows: 64 * 8 * 8, channels: 256, measured: true),
        NormCase(rows: 64, channels: 256, measured: true),
        NormCase(rows: 2048, channels: 768, measured: true),
    ]
}
