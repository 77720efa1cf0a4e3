/// Flat arrays for the elementwise operations.
public struct ElementwiseCase: KernelCase {
    public var count: Int

    public var description: String { "elementwise \(count)" }
    public var operations: Int { count }

    /// Tails at every vector width, one more and one fewer than the spans the threads get, and several of them.
    public static let all: [ElementwiseCase] =
        [0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 100, 4095, 4096, 4097, 100_003, 600_011].map { ElementwiseCase(count: $0) }
}
