import CKernels
import ReferenceKernels
import SwiftNN
import Testing

/// Checks shape and elements of a tensor against the expected ones.
public func expectClose(
    _ actual: Tensor, _ expected: Tensor, tolerance: Double, _ label: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.shape == expected.shape, "shape of \(label)", sourceLocation: sourceLocation)
    let error = relativeError(actual.scalars, expected.scalars.map(Double.init))
    #expect(error < tolerance, "\(label)", sourceLocation: sourceLocation)
}

/// The bits of a tensor's elements: equal only where nothing at all differs.
public func bits(_ tensor: Tensor) -> [UInt32] { tensor.scalars.map(\.bitPattern) }

/// Runs `body` with the kernels that it calls from this thread on a number of threads.
public func withThreads<R>(_ count: Int, _ body: () throws -> R) rethrows -> R {
    snn_thread_count_override(Int32(count))
    defer { snn_thread_count_override(0) }
    return try body()
}
