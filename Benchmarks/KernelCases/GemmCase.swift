/// A matrix product: C (m x n) = op(A) op(B).
public struct GemmCase: KernelCase {
    public var m: Int, n: Int, k: Int
    public var transposeA = false, transposeB = false
    public var alpha: Float = 1, beta: Float = 0

    public var description: String {
        let transposes = (transposeA ? "t" : "n") + (transposeB ? "t" : "n")
        let scalars = alpha == 1 && beta == 0 ? "" : " alpha=\(alpha) beta=\(beta)"
        return "gemm \(m)x\(n)x\(k) \(transposes)\(scalars)"
    }

    public var operations: Int { 2 * m * n * k }

    public init(
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, alpha: Float = 1, beta: Float = 0
    ) {
        (self.m, self.n, self.k) = (m, n, k)
        (self.transposeA, self.transposeB) = (transposeA, transposeB)
        (self.alpha, self.beta) = (alpha, beta)
    }

    /// Sizes around every register tile and vector width, all transposes, empty and single ones.
    public static let all: [GemmCase] =
        [
            (1, 1, 1), (3, 7, 17), (33, 17, 7), (7, 33, 1), (15, 31, 64), (14, 32, 33), (29, 65, 300), (0, 5, 3),
            (5, 0, 3), (5, 3, 0),
        ]
        .flatMap { m, n, k in
            [(false, false), (false, true), (true, false), (true, true)].flatMap { a, b in
                [(1, 0), (0.5, 1), (-1, 0.25)].map { (alpha: Float, beta: Float) in
                    GemmCase(m: m, n: n, k: k, transposeA: a, transposeB: b, alpha: alpha, beta: beta)
                }
            }
        } + [
            // Several slices, blocks of rows and groups of panels.
            GemmCase(m: 130, n: 270, k: 700), GemmCase(m: 270, n: 130, k: 513, transposeA: true),
            GemmCase(m: 300, n: 40, k: 1100, transposeB: true), GemmCase(m: 40, n: 600, k: 530, beta: 1),
            GemmCase(m: 25, n: 300, k: 1050, transposeA: true, transposeB: true),
            // Few rows times a transposed B.
            GemmCase(m: 1, n: 37, k: 1050, transposeB: true), GemmCase(m: 4, n: 150, k: 67, transposeB: true),
            GemmCase(m: 5, n: 150, k: 67, transposeB: true), GemmCase(m: 20, n: 300, k: 530, transposeB: true),
        ]
}
