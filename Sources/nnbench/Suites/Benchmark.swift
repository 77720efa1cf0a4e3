/// A problem that can be timed. Nothing is allocated before `prepare`.
protocol Benchmark {
    /// Unique among all, and what --filter looks in.
    var name: String { get }
    var work: Work { get }
    /// What the peer process is told to run; nil where it has nothing alike.
    var peerProblem: PeerProblem? { get }
    func prepare() throws -> Prepared
}

/// A problem with its data in memory.
struct Prepared {
    /// Runs once, compares with an independent path, and returns the largest difference relative to the largest number.
    var error: () -> Double
    /// The difference allowed.
    var tolerance: Double
    var ours: (_ iteration: Int) -> Void
    var openBLAS: ((_ iteration: Int) -> Void)?
}
