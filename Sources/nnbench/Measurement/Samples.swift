/// Times of one run each, in seconds.
struct Samples {
    var times: [Double] = []

    var median: Double { quantile(0.5) }
    var fastest: Double { quantile(0) }

    /// The interquartile range over the median: what the middle half of the runs differ by.
    var spread: Double { (quantile(0.75) - quantile(0.25)) / median }

    /// By linear interpolation between the two nearest ranks; NaN without samples.
    private func quantile(_ fraction: Double) -> Double {
        guard !times.isEmpty else { return .nan }
        let sorted = times.sorted()
        let rank = fraction * Double(sorted.count - 1)
        let below = Int(rank)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (rank - Double(below)) * (sorted[above] - sorted[below])
    }
}
