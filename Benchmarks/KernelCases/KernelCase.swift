/// One problem of a kernel family. The tests run the cases on every instruction set and thread count; `nnbench` times
/// the measured ones.
public protocol KernelCase: Sendable, CustomStringConvertible {
    /// Whether `nnbench` times the case.
    var measured: Bool { get }
    /// Multiplications and additions (or elements moved) of one run.
    var operations: Int { get }
    /// Every case of the family.
    static var all: [Self] { get }
}

extension KernelCase {
    /// The cases that a naive reference can follow in a test's time.
    public static var tested: [Self] { all.filter { $0.operations <= 100_000_000 } }
}
