import CKernels
import KernelCases
import SwiftNN

/// A matrix product, beside OpenBLAS's. Ours packs B in every run, as OpenBLAS does. In bfloat16 the factors have that
/// precision, and so has the product, as in a plan; OpenBLAS multiplies the same factors and leaves it float32.
struct GemmBenchmark: Benchmark {
    let gemm: GemmCase
    let precision: Precision
    let name: String
    let group: String

    init(_ line: ShapeLine) throws {
        let fields = try line.fields(kinds: ["nn", "nt", "tn", "tt"], required: ["m", "n", "k"], optional: ["dtype"])
        precision = try fields.precision()
        gemm = GemmCase(
            m: try fields.size("m"), n: try fields.size("n"), k: try fields.size("k"),
            transposeA: fields.kind.hasPrefix("t"), transposeB: fields.kind.hasSuffix("t"),
            bfloat16: precision == .bfloat16, rounds: precision == .bfloat16)
        (name, group) = ("gemm \(line.text)", line.group)
    }

    private var floats: Int { gemm.m * gemm.k + gemm.k * gemm.n + gemm.m * gemm.n }

    var work: Work { .arithmetic(gemm.operations, in: precision, bytes: 4 * floats) }

    private struct Buffers {
        let a: FloatBuffer, b: FloatBuffer, c: FloatBuffer
    }

    func prepare() -> Prepared {
        let (shape, (m, n, k)) = (gemm.shape, (gemm.m, gemm.n, gemm.k))
        let buffers = Rotation(bytes: 4 * floats, .multiplyAdd) { seed in
            Buffers(
                a: .random(m * k, seed: seed).rounded(to: precision),
                b: .random(k * n, seed: seed + 1).rounded(to: precision), c: .zeros(m * n))
        }
        let workspace = withUnsafePointer(to: shape) { Workspace(bytes: snn_gemm_workspace_size($0)) }
        func ours(_ iteration: Int) {
            let set = buffers[iteration]
            withUnsafePointer(to: shape) {
                snn_gemm($0, set.a.start, set.b.start, nil, set.c.start, workspace.start)
            }
        }
        func openBLAS(_ iteration: Int) {
            let set = buffers[iteration]
            withUnsafePointer(to: shape) { snn_openblas_sgemm($0, set.a.start, set.b.start, set.c.start) }
        }
        func result(of run: @escaping (Int) -> Void) -> () -> [NamedTensor] {
            {
                run(0)
                return [buffers[0].c.named("c", [m, n])]
            }
        }
        return Prepared(
            inputs: [
                buffers[0].a.named("a", gemm.transposeA ? [k, m] : [m, k]),
                buffers[0].b.named("b", gemm.transposeB ? [n, k] : [k, n]),
            ],
            problem: PeerProblem(
                operation: "gemm",
                parameters: [
                    "transpose_a": .size(gemm.transposeA ? 1 : 0), "transpose_b": .size(gemm.transposeB ? 1 : 0),
                ], dtype: precision.rawValue),
            outputs: result(of: ours), reference: result(of: openBLAS),
            tolerance: precision.tolerance(float32: 1e-5), sets: buffers.count,
            ours: ours, openBLAS: openBLAS)
    }
}
