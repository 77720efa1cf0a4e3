import CKernels

/// What the machine can do, measured in the same run as what is held against it.
struct Peak {
    /// Operations a second of one core and of all threads, and bytes a second read and written by a copy.
    let oneCore: PeakResult, allCores: PeakResult, copy: PeakResult

    /// Known before anything is measured.
    static let names = ["peak multiply-add, one core", "peak multiply-add, all threads", "peak copy, all threads"]

    var results: [PeakResult] { [oneCore, allCores, copy] }

    /// The share of the peak that a rate is, with all threads.
    func fraction(of rate: Rate) -> Double {
        switch rate {
        case .operations(let perSecond): perSecond / allCores.rate.perSecond
        case .bytes(let perSecond): perSecond / copy.rate.perSecond
        }
    }

    static func measure() throws -> Peak {
        let threads = snn_thread_count()
        defer { snn_thread_count_override(0) }
        snn_thread_count_override(1)
        let oneCore = try multiplyAdd(names[0])
        snn_thread_count_override(threads)
        return Peak(
            oneCore: oneCore, allCores: try multiplyAdd(names[1]), copy: try copy())
    }

    private static func multiplyAdd(_ name: String) throws -> PeakResult {
        let rounds = 100_000
        let operations = snn_peak_multiply_add(rounds)
        return try result(name) { _ in
            _ = snn_peak_multiply_add(rounds)
        } rate: {
            .operations(operations / $0)
        }
    }

    private static func copy() throws -> PeakResult {
        // Far larger than any cache.
        let count = 32 << 20
        let from = FloatBuffer.zeros(count)
        let to = FloatBuffer.zeros(count)
        let bytes = count * MemoryLayout<Float>.stride
        return try result(names[2]) { _ in
            snn_peak_copy(bytes, from.start, to.start)
        } rate: {
            .bytes(2 * Double(bytes) / $0)
        }
    }

    /// A limit is what the fastest run reached: what slows a run down is not the machine's limit.
    private static func result(
        _ name: String, run: @escaping (Int) -> Void, rate: (_ seconds: Double) -> Rate
    ) throws -> PeakResult {
        let samples = try Match().play([InProcess(.ours, run: run)])[0]
        return PeakResult(
            name: name, threads: Int(snn_thread_count()), samples: samples, rate: rate(samples.fastest))
    }
}

struct PeakResult {
    let name: String
    let threads: Int
    let samples: Samples
    let rate: Rate
}
