import CKernels
import KernelCases

/// A matrix product, beside OpenBLAS's. Ours packs B in every run, as OpenBLAS does.
struct GemmBenchmark: Benchmark {
    let gemm: GemmCase

    static var all: [GemmBenchmark] { GemmCase.all.filter(\.measured).map(GemmBenchmark.init) }

    var name: String { gemm.description }
    var work: Work { .operations(Double(gemm.operations)) }

    var peerProblem: PeerProblem? {
        PeerProblem(
            operation: "gemm",
            parameters: [
                "m": gemm.m, "n": gemm.n, "k": gemm.k, "transpose_a": gemm.transposeA ? 1 : 0,
                "transpose_b": gemm.transposeB ? 1 : 0,
            ])
    }

    private struct Buffers {
        let a: FloatBuffer, b: FloatBuffer, c: FloatBuffer
    }

    func prepare() -> Prepared {
        let shape = gemm.shape
        let buffers = Rotation { seed in
            Buffers(
                a: .random(gemm.m * gemm.k, seed: seed), b: .random(gemm.k * gemm.n, seed: seed + 1),
                c: .zeros(gemm.m * gemm.n))
        }
        let workspace = withUnsafePointer(to: shape) { Workspace(bytes: snn_gemm_workspace_size($0)) }
        func ours(_ iteration: Int) {
            let set = buffers[iteration]
            withUnsafePointer(to: shape) {
                snn_gemm($0, set.a.start, set.b.start, nil, set.c.start, workspace.start)
            }
        }
        func openBLAS(_ iteration: Int, into c: FloatBuffer? = nil) {
            let set = buffers[iteration]
            withUnsafePointer(to: shape) { snn_openblas_sgemm($0, set.a.start, set.b.start, (c ?? set.c).start) }
        }
        return Prepared(
            error: {
                let expected = FloatBuffer.zeros(gemm.m * gemm.n)
                openBLAS(0, into: expected)
                ours(0)
                return buffers[0].c.error(against: expected)
            },
            tolerance: 1e-5, ours: ours, openBLAS: { openBLAS($0) })
    }
}
