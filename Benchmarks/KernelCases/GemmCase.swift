/// A matrix product: C (m x n) = op(A) op(B).
public struct GemmCase: KernelCase {
    public var m: Int, n: Int, k: Int
    public var transposeA = false, transposeB = false
    public var alpha: Float = 1, beta: Float = 0
    /// Whether A and B are in bfloat16, and whether C is rounded to it.
    public var bfloat16 = false, rounds = false

    public var description: String {
        let transposes = (transposeA ? "t" : "n") + (transposeB ? "t" : "n")
        let scalars = alpha == 1 && beta == 0 ? "" : " alpha=\(alpha) beta=\(beta)"
        return "gemm \(m)x\(n)x\(k) \(transposes)\(scalars)\(bfloat16 ? " bfloat16" : "")\(rounds ? " rounded" : "")"
    }

    public var operations: Int { 2 * m * n * k }

    public init(
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, alpha: Float = 1, beta: Float = 0,
        bfloat16: Bool = false, rounds: Bool = false
    ) {
        (self.m, self.n, self.k) = (m, n, k)
        (self.transposeA, self.transposeB) = (transposeA, transposeB)
        (self.alpha, self.beta, self.bfloat16, self.rounds) = (alpha, beta, bfloat16, rounds)
    }

    /// Sizes around every register tile and vector width, all transposes, empty and single ones.
    public static let all = single + bfloat16 + rounded

    private static let single: [GemmCase] =
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
            // Several chunks of rows, of A packed and as it lies.
            GemmCase(m: 9000, n: 260, k: 9), GemmCase(m: 4400, n: 20, k: 520),
            // Rows times rows of a transposed B: one to four rows, tails of all kinds, several blocks.
            GemmCase(m: 2, n: 37, k: 70, transposeB: true, alpha: -0.5),
            GemmCase(m: 3, n: 10, k: 256, transposeB: true),
            GemmCase(m: 70, n: 10, k: 135, transposeB: true), GemmCase(m: 130, n: 70, k: 513, transposeB: true),
            GemmCase(m: 1, n: 37, k: 1050, transposeB: true), GemmCase(m: 4, n: 150, k: 67, transposeB: true),
            GemmCase(m: 5, n: 150, k: 67, transposeB: true), GemmCase(m: 20, n: 300, k: 530, transposeB: true),
        ]

    /// Even and odd depths, too few columns for blocks and enough, and several slices, blocks of rows and groups of panels.
    private static let bfloat16: [GemmCase] =
        [(33, 17, 20), (33, 70, 1), (14, 64, 33), (30, 96, 64), (61, 75, 130), (1, 90, 67)].flatMap { m, n, k in
            [(false, false), (false, true), (true, false), (true, true)].map { a, b in
                GemmCase(m: m, n: n, k: k, transposeA: a, transposeB: b, alpha: 0.5, beta: 0.25, bfloat16: true)
            }
        } + [
            GemmCase(m: 130, n: 270, k: 1401, bfloat16: true),
            GemmCase(m: 270, n: 130, k: 1026, transposeA: true, bfloat16: true),
            GemmCase(m: 300, n: 80, k: 2201, transposeB: true, bfloat16: true),
            GemmCase(m: 40, n: 600, k: 1060, beta: 1, bfloat16: true),
            GemmCase(m: 40, n: 70, k: 0, beta: 0.5, bfloat16: true),
        ]

    /// The same with a rounded product, and few rows times a transposed B.
    private static let rounded: [GemmCase] =
        (bfloat16 + [
            GemmCase(m: 4, n: 150, k: 67, transposeB: true, bfloat16: true),
            GemmCase(m: 5, n: 150, k: 67, transposeB: true, bfloat16: true),
        ]).map { gemm in
            var gemm = gemm
            gemm.rounds = true
            return gemm
        }
}
