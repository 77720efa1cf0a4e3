import CKernels

/// One row of the table, and one object of the JSON file.
struct Result {
    let name: String
    let threads: Int
    let seconds: Double
    let spread: Double
    let rate: Rate
    let peakFraction: Double?
    /// Of a training step.
    var examplesPerSecond: Double?
    var openBLASRatio: Double?
    var pyTorchRatio: Double?

    let isa = String(cString: snn_isa_name(snn_isa_active()))
    let dtype = "float32"

    init(peak result: PeakResult) {
        name = result.name
        threads = result.threads
        seconds = result.samples.median
        spread = result.samples.spread
        rate = result.rate
        peakFraction = nil
    }

    init(
        benchmark: any Benchmark, samples: Samples, peak: Peak, openBLASSeconds: Double?, pyTorchSeconds: Double?
    ) {
        name = benchmark.name
        threads = Int(snn_thread_count())
        seconds = samples.median
        spread = samples.spread
        rate = benchmark.work.rate(seconds: seconds)
        peakFraction = peak.fraction(of: rate)
        if case .step(_, let examples) = benchmark.work { examplesPerSecond = Double(examples) / seconds }
        openBLASRatio = openBLASSeconds.map { [seconds] in $0 / seconds }
        pyTorchRatio = pyTorchSeconds.map { [seconds] in $0 / seconds }
    }
}

extension Result: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name = "case"
        case dtype, isa, threads, seconds, spread, gflops
        case gigabytesPerSecond = "gigabytes_per_second"
        case examplesPerSecond = "examples_per_second"
        case peakFraction = "peak_fraction"
        case openBLASRatio = "openblas_ratio"
        case pyTorchRatio = "pytorch_ratio"
    }

    /// Every key is always there: null where there is no number.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(dtype, forKey: .dtype)
        try container.encode(isa, forKey: .isa)
        try container.encode(threads, forKey: .threads)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(spread, forKey: .spread)
        try container.encode(rate.gigaOperations, forKey: .gflops)
        try container.encode(rate.gigabytes, forKey: .gigabytesPerSecond)
        try container.encode(examplesPerSecond, forKey: .examplesPerSecond)
        try container.encode(peakFraction, forKey: .peakFraction)
        try container.encode(openBLASRatio, forKey: .openBLASRatio)
        try container.encode(pyTorchRatio, forKey: .pyTorchRatio)
    }
}
