import CKernels
import Foundation

/// How a contender's idle threads get out of the way. Those of every library spin for a while before they sleep, on
/// cores that the next contender needs. Our turns leave the libraries their ordinary ways, so that everyone has its
/// threads awake during a turn; between turns the threads that are done are made to sleep, or waited for.
enum IdleThreads {
    /// Our own (libomp's) spin for 200 ms, but sleep at once after a region that ends with the time set to 0. The time
    /// must stay 0 until they sleep, so it is only set back when the next turn begins.
    case ours
    /// Those of OpenBLAS and PyTorch give up after some milliseconds: of OpenBLAS because `PeerEnvironment` says so.
    case others

    private static let ordinaryMilliseconds: Int32 = 200
    private static let othersSeconds = 0.04
    /// Pauses in which the system may give each of our threads a core of its own, at most.
    private static let mostPauses = 10
    private static let pauseSeconds = 0.002

    func wake() {
        guard self == .ours else { return }
        snn_set_spin_time(Self.ordinaryMilliseconds)
        // Threads take the new time over with the first region that they all work in.
        _ = snn_peak_multiply_add(1)
        // Sometimes one wakes on the core of the thread that woke it, and stays there through the whole turn.
        for _ in 0..<Self.mostPauses where !Self.hasCoresApart {
            Thread.sleep(forTimeInterval: Self.pauseSeconds)
        }
    }

    /// Whether all threads at once take about as long as one alone.
    private static var hasCoresApart: Bool {
        func shortest(threads: Int) -> Double {
            snn_thread_count_override(Int32(threads))
            defer { snn_thread_count_override(0) }
            return (0..<3).map { _ in seconds { _ = snn_peak_multiply_add(20_000) } }.min() ?? .nan
        }
        return shortest(threads: 0) < 1.5 * shortest(threads: 1)
    }

    func sleep() {
        guard snn_thread_count() > 1 else { return }
        switch self {
        case .ours:
            snn_set_spin_time(0)
            _ = snn_peak_multiply_add(1)
        case .others:
            Thread.sleep(forTimeInterval: Self.othersSeconds)
        }
    }
}
