import ArgumentParser
import CKernels
import Foundation
import SwiftNN

@main struct NNBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nnbench",
        abstract: "Measures how fast this machine, and SwiftNN on it, is.",
        discussion: """
            Every case is first checked against PyTorch (with --pytorch) or an independent computation (which \
            inferences of more than 50 GFLOP, training steps of more than a third of that and the rows of threads have \
            none of), then timed: the \
            median over many runs, what eight tenths of them lie within, and the share of the machine's own ceiling, \
            measured in turn with the case. OpenBLAS (beside matrix products and, by im2col, convolutions), PyTorch and \
            ONNX Runtime run in turn with SwiftNN on the same number of threads, each in the mode in which it is \
            fastest; a ratio above 1 means that SwiftNN is faster (or needs less memory). Ratios are of the fastest \
            turn of each; where turns of the same side differ implausibly there are more of them, and if they still \
            do the numbers are marked by ~.

            The problems stand in text files, a line each, whose heads say how they are written.
            """)

    @Argument(help: "What to measure.")
    var suite: Suite = .all

    @Option(help: ArgumentHelp("Measure only cases whose name or group contains this text.", valueName: "text"))
    var filter: String?

    @Option(help: ArgumentHelp("How many threads to use (default: one per CPU).", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("The folder with the lists of problems (default: the ones shipped).", valueName: "dir"))
    var shapes: String?

    @Flag(help: "One short turn for each case: a look, not a measurement.")
    var quick = false

    @Option(help: ArgumentHelp("Write the results to this file, too.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write a page with tables and charts to this file, too.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("A Python that can import torch, to run PyTorch beside us.", valueName: "python"))
    var pytorch: String?

    @Flag(help: "Leave torch.compile out, which needs about half a minute for each whole network.")
    var noCompile = false

    /// What this process is a child for, and its arguments.
    @Option(parsing: .upToNextOption, help: .hidden)
    var child: [String] = []

    func run() throws {
        try PeerEnvironment.settle()
        try setThreads()
        if let task = child.first { return try ChildTask.run(task, Array(child.dropFirst())) }
        // A peer process that dies must not take us with it.
        signal(SIGPIPE, SIG_IGN)
        let parts = try selectedCases()
        let outputs = [json.map { OutputFile("--json", $0) }, html.map { OutputFile("--html", $0) }]
        for output in outputs { try output?.checkWritable() }
        let peer = try pytorch.map {
            try PeerSession(python: $0, threads: Int(snn_thread_count()), compiles: !quick && !noCompile)
        }
        let machine = Machine.description(peer: peer?.version)
        let session = Session(
            referee: Referee(peer: peer, python: pytorch, match: quick ? .quick : Match()),
            table: Table(names: parts.flatMap(\.cases).map(\.name), peer: peer != nil))
        print(
            machine.map { "\($0.name.padding(toLength: 10, withPad: " ", startingAt: 0))\($0.value)" }
                .joined(separator: "\n") + "\n")
        StopSignal.watch()
        let rows = session.measure(parts)
        try outputs[0]?.write(BenchmarkJSON.text(rows))
        try outputs[1]?.write(BenchmarkReport(machine: machine, command: CommandLine.arguments, rows: rows).html())
        guard StopSignal.number == 0 else { throw ExitCode(128 + StopSignal.number) }
        let failures = rows.count { $0.failure != nil }
        guard failures == 0 else {
            print("\(failures) of \(rows.count) cases failed")
            throw ExitCode.failure
        }
    }

    private func selectedCases() throws -> [(suite: Suite, cases: [any BenchmarkCase])] {
        let folder = shapes.map(ShapeFolder.init) ?? .standard
        let parts = try suite.parts.map { part in
            (suite: part, cases: selected(try part.cases(folder)))
        }
        guard let filter else { return parts }
        let chosen = parts.filter { !$0.cases.isEmpty }
        guard !chosen.isEmpty else {
            throw BenchError("--filter \(filter): no case of '\(suite.rawValue)' has a name or group like that")
        }
        return chosen
    }

    private func selected(_ cases: [any BenchmarkCase]) -> [any BenchmarkCase] {
        guard let filter else { return cases }
        return cases.filter { "\($0.name) [\($0.group)]".localizedCaseInsensitiveContains(filter) }
    }

    private func setThreads() throws {
        if let complaint = Runtime.instructionSetComplaint() {
            throw BenchError(complaint)
        }
        if let threads {
            guard (1...Runtime.threadLimit).contains(threads) else {
                throw BenchError("--threads \(threads): expected 1 to \(Runtime.threadLimit)")
            }
            Runtime.threads = threads
        }
        snn_openblas_set_threads(snn_thread_count())
    }
}
