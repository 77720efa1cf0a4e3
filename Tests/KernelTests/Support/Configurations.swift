import CKernels
import ReferenceKernels
import Testing

/// Runs a kernel on every tier this machine has, with 1, 2 and 3 threads; checks that the thread count does not change
/// a bit, and hands the result of each tier to `check`.
///
/// - Parameter run: calls the kernel and returns everything that it wrote.
func onEveryConfiguration(
    _ label: some CustomStringConvertible, sourceLocation: SourceLocation = #_sourceLocation,
    run: () -> [[Float]], check: (_ results: [[Float]], _ isa: String) -> Void
) {
    defer {
        snn_isa_override(-1)
        snn_thread_count_override(0)
    }
    for isa in 0..<Int32(SNN_ISA_COUNT) where snn_isa_override(isa) {
        let name = String(cString: snn_isa_name(snn_isa(UInt32(isa))))
        let results = (1...3).map { threads in
            snn_thread_count_override(Int32(threads))
            return run()
        }
        #expect(
            results.allSatisfy { sameBits($0, results[0]) }, "\(label) on \(name) depends on the thread count",
            sourceLocation: sourceLocation)
        check(results[0], name)
    }
}
