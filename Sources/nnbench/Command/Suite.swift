import ArgumentParser

/// The word on the command line.
enum Suite: String, CaseIterable, ExpressibleByArgument {
    case peak, gemm, conv, pool, step, all

    var includesPeak: Bool { self == .peak || self == .all }

    var benchmarks: [any Benchmark] {
        switch self {
        case .peak: []
        case .gemm: GemmBenchmark.all
        case .conv: ConvBenchmark.all
        case .pool: PoolBenchmark.all
        case .step: StepBenchmark.all
        case .all: Self.allCases.filter { $0 != .all }.flatMap(\.benchmarks)
        }
    }
}
