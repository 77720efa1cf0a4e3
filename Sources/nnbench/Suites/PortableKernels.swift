import CKernels
import SwiftNN

/// Whole networks by the plain kernels that run on any CPU: what others are checked against where no peer runs.
enum PortableKernels {
    /// They are slow, so that the largest cases have no such reference.
    private static let mostOperations = 50_000_000_000

    static func reference(
        operations: Int, _ body: @escaping () throws -> [NamedTensor]
    ) -> (() throws -> [NamedTensor])? {
        guard operations <= mostOperations else { return nil }
        return {
            snn_isa_override(Int32(SNN_ISA_PORTABLE.rawValue))
            defer { snn_isa_override(-1) }
            return try body()
        }
    }
}
