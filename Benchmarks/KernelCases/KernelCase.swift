/// One problem of a kernel family, which the tests run on every instruction set and thread count. What `nnbench` times
/// stands in text files, in Benchmarks/shapes.
public protocol KernelCase: Sendable, CustomStringConvertible {
    /// Multiplications and additions (or elements moved) of one run.
    var operations: Int { get }
    /// Every case of the family.
    static var all: [Self] { get }
}

extension KernelCase {
    /// The cases that a naive reference can follow in a test's time.
    public static var tested: [Self] { all.filter { $0.operations <= 100_000_000 } }
}
