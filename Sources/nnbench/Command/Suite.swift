import ArgumentParser

/// The word on the command line.
enum Suite: String, CaseIterable, ExpressibleByArgument {
    case peak, gemm, conv, pool, norm, activation, loss, optimizer, step, inference, start, memory, threads, all

    /// What it stands for, each suite with its cases.
    ///
    /// - Throws: `FileError` where a list of problems is wrong.
    func cases(_ shapes: ShapeFolder) throws -> [any BenchmarkCase] {
        switch self {
        // Every suite begins with the ceilings: this one has nothing else.
        case .peak, .all: []
        case .gemm: try shapes.lines("gemm").map(GemmBenchmark.init)
        case .conv: try shapes.lines("conv").flatMap(ConvBenchmark.all)
        case .pool: try shapes.lines("pool").flatMap(PoolBenchmark.all)
        case .norm: try shapes.lines("norm").flatMap(NormBenchmark.all)
        case .activation: try shapes.lines("activation").flatMap(ActivationBenchmark.all)
        case .loss: try shapes.lines("softmax-cross-entropy").map(LossBenchmark.init)
        case .optimizer: try shapes.lines("optimizer").map(OptimizerBenchmark.init)
        case .step: try shapes.lines("step").map(StepBenchmark.init)
        case .inference: try shapes.lines("inference").map(InferenceBenchmark.init)
        case .start: StartCase.Files.allCases.map(StartCase.init)
        case .memory: try shapes.lines("memory").map(MemoryCase.init)
        case .threads:
            ThreadsCase.large(
                of: try [Suite.gemm, .conv, .step].flatMap { try $0.cases(shapes) }.compactMap { $0 as? any Benchmark })
        }
    }

    /// The suites that a word means, in the order they are measured in.
    var parts: [Suite] { self == .all ? Self.allCases.filter { $0 != .all && $0 != .peak } : [self] }
}
