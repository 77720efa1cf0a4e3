import CKernels

/// One of those who are timed in turns on the same problem.
protocol Contender: AnyObject {
    /// The time of a run as it was seen before the turns; nil where nobody looked.
    var knownTime: Double? { get }
    /// Runs the problem for about `seconds`, at least once; returns the time of each run.
    func turn(seconds: Double) throws -> [Double]
    /// Called before and after each turn.
    func takeCores()
    func leaveCores()
}

extension Contender {
    var knownTime: Double? { nil }
}

/// Code in this process.
final class InProcess: Contender {
    /// A shorter run cannot be timed by itself.
    private static let shortestSample = 50e-6

    private let idle: IdleThreads
    private let threads: Int?
    private let run: (_ iteration: Int) -> Void
    private var iteration = 0
    private var lastRun = 0.0

    /// - Parameters:
    ///   - threads: of our kernels; nil for as many as all cases get.
    ///   - run: does the work once. The iteration picks one of a few sets of buffers, so that the caches do not hold more
    ///     of the data than they would in a program.
    init(_ idle: IdleThreads, threads: Int? = nil, run: @escaping (_ iteration: Int) -> Void) {
        (self.idle, self.threads) = (idle, threads)
        self.run = run
    }

    func turn(seconds budget: Double) -> [Double] {
        snn_thread_count_override(Int32(threads ?? 0))
        defer { snn_thread_count_override(0) }
        let start = now()
        // A fifth of the turn wakes the threads, warms the caches, and tells how many runs a sample takes; a run that is
        // itself longer needs that only once.
        var runs = 0
        while lastRun < budget && (runs == 0 || now() - start < budget / 5) {
            lastRun = seconds(of: runOnce)
            runs += 1
        }
        let runsPerSample = runs == 0 ? 1 : max(1, Int(Self.shortestSample * Double(runs) / (now() - start)))
        var samples: [Double] = []
        repeat {
            let time = seconds { for _ in 0..<runsPerSample { runOnce() } }
            samples.append(time / Double(runsPerSample))
        } while now() - start < budget
        return samples
    }

    /// One thread is not to be slowed by others that spin beside it.
    func takeCores() { threads == 1 ? idle.sleep() : idle.wake() }
    func leaveCores() { idle.sleep() }

    private func runOnce() {
        run(iteration)
        iteration += 1
    }
}
