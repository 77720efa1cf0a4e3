import CKernels
import SwiftNN

/// One row of the table, and one object of the JSON file.
struct Row {
    /// Another library on the same case.
    struct Rival {
        /// Of one run, undisturbed as far as that was seen.
        private(set) var seconds: Double?
        private(set) var isDisturbed = false
        /// How it was fastest: "eager, channels last".
        let mode: String?
        /// Of its process, where memory is what is compared.
        private(set) var memory: Double?

        init(_ samples: Samples, mode: String? = nil) {
            (seconds, isDisturbed, self.mode) = (samples.undisturbed, samples.isDisturbed, mode)
        }

        init(memory: Double, mode: String?) { (self.memory, self.mode) = (memory, mode) }
    }

    let name: String
    let group: String
    var suite = ""
    var threads = Int(snn_thread_count())
    let isa = String(cString: snn_isa_name(snn_isa_active()))
    var dtype = Precision.float32

    /// Of one run: the median, a tenth and nine tenths of the runs.
    private(set) var seconds: Double?
    private(set) var low: Double?
    private(set) var high: Double?
    private(set) var repetitions: Int?
    /// What the times of others are compared with.
    private var undisturbed: Double?
    /// Whether others that used the machine show in the times of this library.
    private(set) var isDisturbed = false
    private(set) var gigaOperations: Double?
    private(set) var gigabytes: Double?
    private(set) var intensity: Double?
    private(set) var examplesPerSecond: Double?

    private(set) var ceiling: Ceiling?
    /// In 10^9 a second, as measured beside the case.
    private(set) var ceilingRate: Double?
    private(set) var peakFraction: Double?

    var openBLAS: Rival?
    var pyTorch: Rival?
    var onnx: Rival?
    /// The time of one thread over that of all.
    private(set) var speedup: Double?
    /// The largest resident memory of a process, in bytes.
    var memory: Double?
    var check: Check?
    /// Why there are no numbers, in one line.
    var failure: String?

    init(name: String, group: String) { (self.name, self.group) = (name, group) }

    init(_ benchmark: any BenchmarkCase) { self.init(name: benchmark.name, group: benchmark.group) }

    mutating func time(_ samples: Samples, _ work: Work?) {
        (seconds, low, high) = (samples.median, samples.low, samples.high)
        repetitions = samples.count
        (undisturbed, isDisturbed) = (samples.undisturbed, samples.isDisturbed)
        guard let work else { return }
        gigaOperations = work.operations.map { $0 / samples.median / 1e9 }
        gigabytes = work.ceiling == .copy ? work.bytes.map { $0 / samples.median / 1e9 } : nil
        examplesPerSecond = work.examples.map { Double($0) / samples.median }
        intensity = work.intensity
    }

    mutating func compare(withCeiling rate: Double, of work: Work) {
        (ceiling, ceilingRate) = (work.ceiling, rate / 1e9)
        guard let amount = work.amount, let seconds else { return }
        peakFraction = amount / seconds / rate
    }

    mutating func compare(withOneThread samples: Samples) {
        speedup = undisturbed.map { samples.undisturbed / $0 }
        isDisturbed = isDisturbed || samples.isDisturbed
    }

    /// A row about the machine itself.
    mutating func isCeiling(_ ceiling: Ceiling, rate: Double) {
        (self.ceiling, ceilingRate) = (ceiling, rate / 1e9)
        if ceiling == .copy { gigabytes = rate / 1e9 } else { gigaOperations = rate / 1e9 }
    }

    var spread: Double? {
        guard let seconds, let low, let high else { return nil }
        return (high - low) / seconds
    }

    var openBLASRatio: Double? { openBLAS.flatMap(ratio) }
    var pyTorchRatio: Double? { pyTorch.flatMap(ratio) }
    var onnxRatio: Double? { onnx.flatMap(ratio) }

    /// Above 1 where we are faster, or need less memory where that is compared.
    private func ratio(to rival: Rival) -> Double? {
        if let memory, let theirs = rival.memory { return theirs / memory }
        guard let undisturbed, let theirs = rival.seconds else { return nil }
        return theirs / undisturbed
    }

    /// Whose turns differed implausibly: comparisons with them are uncertain.
    var disturbed: [String] {
        let rivals = [("OpenBLAS", openBLAS), ("PyTorch", pyTorch), ("ONNX Runtime", onnx)]
        return (isDisturbed ? ["SwiftNN"] : []) + rivals.filter { $0.1?.isDisturbed ?? false }.map(\.0)
    }
}

extension Row: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name = "case"
        case suite, group, dtype, isa, threads, seconds
        case low = "seconds_p10"
        case high = "seconds_p90"
        case spread, repetitions
        case undisturbed = "seconds_undisturbed"
        case disturbed
        case gigaOperations = "gflops"
        case gigabytes = "gigabytes_per_second"
        case intensity = "operations_per_byte"
        case examplesPerSecond = "examples_per_second"
        case ceiling
        case ceilingRate = "ceiling_rate"
        case peakFraction = "peak_fraction"
        case openBLASRatio = "openblas_ratio"
        case pyTorchRatio = "pytorch_ratio"
        case pyTorchMode = "pytorch_mode"
        case onnxRatio = "onnx_ratio"
        case onnxMode = "onnx_mode"
        case speedup = "threads_speedup"
        case memory = "peak_memory_bytes"
        case error, tolerance
        case checkedBy = "checked_by"
        case failure
    }

    /// Every key is always there: null where there is no number.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        func put(_ value: (some Encodable)?, _ key: CodingKeys) throws { try container.encode(value, forKey: key) }
        /// JSON has no NaN and no infinity.
        func number(_ value: Double?, _ key: CodingKeys) throws {
            try put(value.flatMap { $0.isFinite ? $0 : nil }, key)
        }
        try put(name, .name)
        try put(suite, .suite)
        try put(group, .group)
        try put(dtype.rawValue, .dtype)
        try put(isa, .isa)
        try put(threads, .threads)
        try number(seconds, .seconds)
        try number(low, .low)
        try number(high, .high)
        try number(spread, .spread)
        try put(repetitions, .repetitions)
        try number(undisturbed, .undisturbed)
        try put(disturbed, .disturbed)
        try number(gigaOperations, .gigaOperations)
        try number(gigabytes, .gigabytes)
        try number(intensity, .intensity)
        try number(examplesPerSecond, .examplesPerSecond)
        try put(ceiling?.rawValue, .ceiling)
        try number(ceilingRate, .ceilingRate)
        try number(peakFraction, .peakFraction)
        try number(openBLASRatio, .openBLASRatio)
        try number(pyTorchRatio, .pyTorchRatio)
        try put(pyTorch?.mode, .pyTorchMode)
        try number(onnxRatio, .onnxRatio)
        try put(onnx?.mode, .onnxMode)
        try number(speedup, .speedup)
        try number(memory, .memory)
        try number(check?.error, .error)
        try put(check?.tolerance, .tolerance)
        try put(check?.by, .checkedBy)
        try put(failure, .failure)
    }
}
