/// Times of one run each, in seconds, by the turns they were taken in.
struct Samples {
    private(set) var turns: [[Double]] = []

    mutating func add(turn: [Double]) { turns.append(turn) }

    var count: Int { turns.reduce(0) { $0 + $1.count } }
    var median: Double { quantile(0.5) }
    /// What a tenth of the runs stay below, and nine tenths.
    var low: Double { quantile(0.1) }
    var high: Double { quantile(0.9) }
    /// From the tenth to the ninetieth hundredth, over the median.
    var spread: Double { (high - low) / median }

    /// The fastest run of a turn, the median over the turns: how fast the machine was while the others took theirs. What
    /// slows a single run down is not the machine's limit.
    var limit: Double { Self.quantile(0.5, of: turns.compactMap { $0.min() }) }

    func quantile(_ fraction: Double) -> Double { Self.quantile(fraction, of: turns.flatMap(\.self)) }

    /// By linear interpolation between the two nearest ranks; NaN without numbers.
    private static func quantile(_ fraction: Double, of numbers: [Double]) -> Double {
        guard !numbers.isEmpty else { return .nan }
        let sorted = numbers.sorted()
        let rank = fraction * Double(sorted.count - 1)
        let below = Int(rank)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (rank - Double(below)) * (sorted[above] - sorted[below])
    }
}
