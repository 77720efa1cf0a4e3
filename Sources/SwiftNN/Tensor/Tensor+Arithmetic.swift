import CKernels

extension Tensor {
    /// The element-wise sum of two tensors of one shape.
    public static func + (a: Tensor, b: Tensor) -> Tensor { combine(a, b, "+", snn_add) }

    /// The element-wise product of two tensors of one shape.
    public static func * (a: Tensor, b: Tensor) -> Tensor { combine(a, b, "*", snn_multiply) }

    /// The element-wise difference of two tensors of one shape.
    public static func - (a: Tensor, b: Tensor) -> Tensor { a + -1 * b }

    /// Every element times a number.
    public static func * (factor: Float, a: Tensor) -> Tensor {
        let result = Tensor(uninitialized: a.shape, format: a.format)
        a.withUnsafePointer { snn_scale(a.count, factor, $0, result.storage.base) }
        return result
    }

    private static func combine(
        _ a: Tensor, _ b: Tensor, _ name: String,
        _ kernel: (Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor {
        precondition(a.shape == b.shape, "Tensor \(name): shapes \(a.shape) and \(b.shape) differ")
        let b = b.converted(to: a.format)
        let result = Tensor(uninitialized: a.shape, format: a.format)
        a.withUnsafePointer { a in b.withUnsafePointer { b in kernel(result.count, a, b, result.storage.base) } }
        return result
    }

    /// The matrix product of [m, k] and [k, n].
    public func matmul(_ other: Tensor) -> Tensor {
        precondition(
            rank == 2 && other.rank == 2 && shape[1] == other.shape[0],
            "Tensor.matmul: \(shape) times \(other.shape): the inner sizes must be equal")
        let (m, k, n) = (shape[0], shape[1], other.shape[1])
        var product = snn_gemm_shape(
            m: m, n: n, k: k, transpose_a: false, transpose_b: false, lda: k, ldb: n, ldc: n, alpha: 1, beta: 0,
            bfloat16: false, rounds: false)
        let result = Tensor(uninitialized: [m, n])
        let workspace = Storage(uninitialized: snn_gemm_workspace_size(&product) / MemoryLayout<Float>.stride)
        withUnsafePointer { a in
            other.withUnsafePointer { b in snn_gemm(&product, a, b, nil, result.storage.base, workspace.base) }
        }
        return result
    }

    /// A matrix [m, n] as [n, m].
    public func transposed() -> Tensor {
        precondition(rank == 2, "Tensor.transposed: needs a matrix, not \(shape)")
        let result = Tensor(uninitialized: [shape[1], shape[0]])
        withUnsafePointer { snn_transpose(1, shape[0], shape[1], $0, result.storage.base) }
        return result
    }

    /// The index of the largest element of each row of a matrix; the first of equals, and of a row of NaN.
    public func argmaxOfRows() -> [Int] {
        precondition(rank == 2 && shape[1] > 0, "Tensor.argmaxOfRows: needs a matrix with columns, not \(shape)")
        return withSpan { elements in
            (0..<shape[0]).map { row in
                let first = row * shape[1]
                return (0..<shape[1]).reduce(0) { elements[first + $1] > elements[first + $0] ? $1 : $0 }
            }
        }
    }

    /// Whether no element is infinite or not a number.
    public var isFinite: Bool { withUnsafePointer { snn_all_finite(count, $0) } }
}
