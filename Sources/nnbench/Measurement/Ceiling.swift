import CKernels
import SwiftNN

/// A limit of the machine. It changes while others use the machine, so it is measured in turn with what is held against
/// it.
enum Ceiling: String, CaseIterable {
    /// Multiply-adds in registers, a second.
    case multiplyAdd = "multiply-add"
    /// The same with factors in bfloat16, by instructions that few CPUs have.
    case bfloat16MultiplyAdd = "bfloat16 multiply-add"
    /// Bytes read and written by copying memory far larger than the caches, a second.
    case copy

    /// Those that this machine has.
    static var available: [Ceiling] { allCases.filter { $0 != .bfloat16MultiplyAdd || hasBFloat16 } }

    static var hasBFloat16: Bool { snn_peak_multiply_add_bfloat16(1) > 0 }

    /// Where the CPU has no instructions for bfloat16 its numbers are multiplied as float32.
    static func multiplyAdd(in precision: Precision) -> Ceiling {
        precision == .bfloat16 && hasBFloat16 ? .bfloat16MultiplyAdd : .multiplyAdd
    }

    /// What a second brings, in the unit of the tables.
    var unit: String { self == .copy ? "GB/s" : "GFLOP/s" }

    /// Reaches the limit, in runs of a known amount.
    func makeContender(threads: Int? = nil) -> CeilingContender { CeilingContender(self, threads: threads) }
}

/// Multiply-adds or copies, timed.
final class CeilingContender: Contender {
    /// Operations or bytes of one run.
    let amount: Double
    private let runs: InProcess

    /// A limit is reached at once: it needs less of the time than the others.
    private static let shareOfTime = 0.3
    /// Many, so that waking the threads and waiting for them counts for nothing.
    private static let rounds = 200_000

    init(_ ceiling: Ceiling, threads: Int?) {
        switch ceiling {
        case .multiplyAdd, .bfloat16MultiplyAdd:
            let run = ceiling == .multiplyAdd ? snn_peak_multiply_add : snn_peak_multiply_add_bfloat16
            let threads = threads ?? Int(snn_thread_count())
            amount = run(Self.rounds) / Double(snn_thread_count()) * Double(threads)
            runs = InProcess(.ours, threads: threads) { _ in _ = run(Self.rounds) }
        case .copy:
            let copy = LargeCopy.shared
            amount = 2 * Double(copy.bytes)
            runs = InProcess(.ours, threads: threads) { _ in copy.run() }
        }
    }

    func turn(seconds: Double) -> [Double] { runs.turn(seconds: Self.shareOfTime * seconds) }
    func takeCores() { runs.takeCores() }
    func leaveCores() { runs.leaveCores() }
}

/// Two stretches of memory that no cache holds, for all who copy in turn.
private final class LargeCopy {
    /// Contenders run on one thread, in turn.
    nonisolated(unsafe) static let shared = LargeCopy()

    let bytes: Int
    private let from: Workspace
    private let to: Workspace

    private init() {
        bytes = max(64 << 20, 2 * Caches.lastLevel)
        (from, to) = (Workspace(bytes: bytes), Workspace(bytes: bytes))
        // Pages that were never written would all be one page of zeros.
        from.start.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
        to.start.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    func run() { snn_peak_copy(bytes, from.start, to.start) }
}
