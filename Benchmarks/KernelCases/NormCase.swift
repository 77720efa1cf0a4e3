/// A normalisation of a rows x channels matrix: batch norm and layer norm.
public struct NormCase: KernelCase {
    public var rows: Int, channels: Int
    /// What the inputs are distributed about, and how far.
    public var mean: Float, deviation: Float

    public init(rows: Int, channels: Int, mean: Float = 0.25, deviation: Float = 1) {
        (self.rows, self.channels, self.mean, self.deviation) = (rows, channels, mean, deviation)
    }

    public var description: String { "norm \(rows)x\(channels) mean=\(mean) deviation=\(deviation)" }

    public var operations: Int { rows * channels }

    /// Rows around the groups and chunks, channels around every vector width, the segments and tiles, far-off means.
    public static let all: [NormCase] =
        [1, 3, 7, 17, 33].flatMap { channels in
            [1, 2, 8, 9, 31, 100].map { NormCase(rows: $0, channels: channels) }
        } + [
            NormCase(rows: 0, channels: 5), NormCase(rows: 5, channels: 0), NormCase(rows: 1200, channels: 10),
            NormCase(rows: 33_000, channels: 3), NormCase(rows: 70, channels: 130), NormCase(rows: 40, channels: 1030),
            NormCase(rows: 3, channels: 2100), NormCase(rows: 500, channels: 300),
            NormCase(rows: 16_384, channels: 128), NormCase(rows: 2048, channels: 768),
            NormCase(rows: 4000, channels: 12, mean: 1000, deviation: 0.1),
            NormCase(rows: 64, channels: 300, mean: 1000, deviation: 0.1),
            NormCase(rows: 64, channels: 33, mean: -1000, deviation: 0.1),
        ]
}
