/// One of those who are timed in turns on the same problem.
protocol Contender: AnyObject {
    /// Runs the problem for about `seconds`, at least once; returns the time of each run.
    func turn(seconds: Double) throws -> [Double]
    /// Called before and after each turn that others wait for.
    func takeCores()
    func leaveCores()
}

/// Code in this process.
final class InProcess: Contender {
    /// A shorter run cannot be timed by itself.
    private static let shortestSample = 50e-6

    private let threads: IdleThreads
    private let run: (_ iteration: Int) -> Void
    private var iteration = 0

    /// - Parameter run: does the work once. The iteration picks one of a few sets of buffers, so that the caches do
    ///   not hold more of the data than they would in a program.
    init(_ threads: IdleThreads, run: @escaping (_ iteration: Int) -> Void) {
        self.threads = threads
        self.run = run
    }

    func turn(seconds budget: Double) -> [Double] {
        let start = now()
        // A fifth of the turn wakes the threads, warms the caches, and tells how many runs a sample takes.
        var runs = 0
        repeat {
            runOnce()
            runs += 1
        } while now() - start < budget / 5
        let runsPerSample = max(1, Int(Self.shortestSample * Double(runs) / (now() - start)))
        var samples: [Double] = []
        repeat {
            let time = seconds { for _ in 0..<runsPerSample { runOnce() } }
            samples.append(time / Double(runsPerSample))
        } while now() - start < budget
        return samples
    }

    func takeCores() { threads.wake() }
    func leaveCores() { threads.sleep() }

    private func runOnce() {
        run(iteration)
        iteration += 1
    }
}
