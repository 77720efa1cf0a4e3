import CKernels

/// How much faster all threads are than one.
struct ThreadsCase: BenchmarkCase {
    let benchmark: any Benchmark

    /// Smaller ones do not divide well, nor need they.
    private static let fewestOperations = 2e9

    /// The large ones of the benchmarks in float32, the first pass of each.
    static func large(of benchmarks: [any Benchmark]) -> [ThreadsCase] {
        benchmarks.filter { benchmark in
            if let conv = benchmark as? ConvBenchmark, conv.pass != .forward { return false }
            return benchmark.precision == .float32 && (benchmark.work.operations ?? 0) >= fewestOperations
        }.map(ThreadsCase.init)
    }

    var name: String { "threads \(benchmark.name)" }
    var group: String { benchmark.group }

    func measure(with referee: Referee) throws -> Row {
        let all = try benchmark.prepare()
        // Workspaces may differ in size.
        snn_thread_count_override(1)
        defer { snn_thread_count_override(0) }
        let one = try benchmark.prepare()
        snn_thread_count_override(0)
        let ceiling = benchmark.work.ceiling.makeContender()
        let samples = try referee.match.play([
            InProcess(.ours, run: all.ours), InProcess(.ours, threads: 1, run: one.ours), ceiling,
        ])
        var row = Row(self)
        row.time(samples[0], benchmark.work)
        row.compare(withCeiling: ceiling.amount / samples[2].limit, of: benchmark.work)
        row.compare(withOneThread: samples[1])
        return row
    }
}
