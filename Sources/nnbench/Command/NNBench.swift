import ArgumentParser
import CKernels
import Foundation
import SwiftNN

@main struct NNBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nnbench",
        abstract: "Measures how fast this machine, and SwiftNN on it, is.",
        discussion: """
            Every case is first checked against an independent computation, then timed: the median over many runs, \
            the spread of the middle half of them, and the share of the machine's own peak, measured in the same run. \
            OpenBLAS (beside matrix products) and PyTorch (with --pytorch) run in turn with SwiftNN on the same \
            numbers of threads; a ratio above 1 means that SwiftNN is faster.
            """)

    @Argument(help: "What to measure.")
    var suite: Suite = .all

    @Option(help: ArgumentHelp("Measure only cases whose name contains this text.", valueName: "text"))
    var filter: String?

    @Option(help: ArgumentHelp("How many threads to use (default: one per CPU).", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Write the results to this file, too.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("A Python that can import torch, to run PyTorch beside us.", valueName: "python"))
    var pytorch: String?

    func run() throws {
        // A peer process that dies must not take us with it.
        signal(SIGPIPE, SIG_IGN)
        let benchmarks = try selectedBenchmarks()
        try setThreads()
        try json.map(JSONFile.init)?.checkWritable()
        let peer = try pytorch.map { try PyTorchPeer(python: $0, threads: Int(snn_thread_count())) }
        print(Machine.description(peer: peer?.version))
        let peak = try Peak.measure()
        let table = Table(names: benchmarks.map(\.name) + peak.results.map(\.name), peer: peer != nil)
        table.printHeader()
        var results = peak.results.map { Result(peak: $0) }
        for result in results { table.printRow(result) }
        for benchmark in benchmarks {
            let result = try Referee(peak: peak, peer: peer).result(of: benchmark)
            table.printRow(result)
            results.append(result)
        }
        try json.map(JSONFile.init)?.write(results)
    }

    private func selectedBenchmarks() throws -> [any Benchmark] {
        let benchmarks = selected(suite.benchmarks, name: \.name)
        let names = suite.includesPeak ? selected(Peak.names, name: \.self) : []
        guard let filter, benchmarks.isEmpty, names.isEmpty else { return benchmarks }
        throw BenchError("--filter \(filter): no case of '\(suite.rawValue)' has a name like that")
    }

    private func selected<T>(_ cases: [T], name: (T) -> String) -> [T] {
        guard let filter else { return cases }
        return cases.filter { name($0).localizedCaseInsensitiveContains(filter) }
    }

    private func setThreads() throws {
        if let complaint = Runtime.instructionSetComplaint() {
            throw BenchError(complaint)
        }
        if let threads {
            guard (1...1024).contains(threads) else { throw BenchError("--threads \(threads): expected 1 to 1024") }
            Runtime.threads = threads
        }
        snn_openblas_set_threads(snn_thread_count())
    }
}
