/// Times of one run each, in seconds, by the turns they were taken in.
struct Samples {
    private(set) var turns: [[Double]] = []
    /// A run as it was timed outside of the turns; nil where nobody did.
    var knownTime: Double?

    /// Turns of the same contender differ by less on a machine that has nothing else to do.
    private static let plausibleSpread = 1.5

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

    /// The median of the fastest turn: what comparisons are made of, as others that use the machine, and threads that are
    /// still awake, can only make a turn slower. Where all turns are slow beside the known time, that is the better one.
    var undisturbed: Double { isDisturbed ? fastest : fastestTurn }

    /// Whether half of the turns took implausibly long beside the fastest one, or beside the known time.
    var isDisturbed: Bool { Self.quantile(0.5, of: turnMedians) > Self.plausibleSpread * fastest }

    private var fastest: Double { min(fastestTurn, knownTime ?? .infinity) }
    private var fastestTurn: Double { turnMedians.min() ?? .nan }
    private var turnMedians: [Double] { turns.filter { !$0.isEmpty }.map { Self.quantile(0.5, of: $0) } }

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
