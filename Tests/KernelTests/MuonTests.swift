import CKernels
import ReferenceKernels
import Testing

@Suite struct MuonTests {
    /// Each of the iterations multiplies small singular values, and their rounding errors, by up to 3.4.
    static let tolerance = 1e-4

    /// One of bfloat16's roundings may fall the other way, which moves what follows by as much.
    static let toleranceRounded = 0.02

    @Test(
        arguments: [(0, 3), (1, 1), (1, 7), (7, 1), (3, 5), (17, 33), (33, 17), (24, 108), (40, 9), (130, 70)],
        [true, false])
    func matchesReference(size: (rows: Int, columns: Int), nesterov: Bool) {
        var muon = ReferenceMuon()
        (muon.weightDecay, muon.nesterov, muon.normalizesWeights) = (0.1, nesterov, !nesterov)
        expectSteps(of: muon, rows: size.rows, columns: size.columns, bfloat16: false, tolerance: Self.tolerance)
    }

    /// Some are large enough to be multiplied at 16 bits.
    @Test(arguments: [(1, 1), (7, 5), (24, 108), (70, 33), (96, 150)])
    func roundsItsMatrices(size: (rows: Int, columns: Int)) {
        var muon = ReferenceMuon()
        muon.iterations = 2
        muon.rounding = { doubles(roundedToBFloat16(floats($0))) }
        expectSteps(of: muon, rows: size.rows, columns: size.columns, bfloat16: true, tolerance: Self.toleranceRounded)
    }

    private func expectSteps(of muon: ReferenceMuon, rows: Int, columns: Int, bfloat16: Bool, tolerance: Double) {
        let gradients = (0..<3).map { randomFloats(rows * columns, seed: UInt64(10 + $0)) }
        let start = randomFloats(rows * columns, seed: 1)
        var (expected, velocity) = (doubles(start), [Double](repeating: 0, count: rows * columns))
        for gradient in gradients {
            muon.step(
                rows: rows, columns: columns, gradient: doubles(gradient).map { 0.5 * $0 }, velocity: &velocity,
                weights: &expected)
        }
        var options = snn_muon(
            rate: Float(muon.rate), momentum: Float(muon.momentum), weight_decay: Float(muon.weightDecay),
            gradient_scale: 0.5, nesterov: muon.nesterov, normalize_weights: muon.normalizesWeights,
            bfloat16: bfloat16, iterations: muon.iterations)
        onEveryConfiguration("muon \(rows)x\(columns)") {
            var (weights, velocity) = (start, [Float](repeating: 0, count: rows * columns))
            withWorkspace(snn_muon_workspace_size(&options, rows, columns)) { workspace in
                for gradient in gradients {
                    snn_muon_step(&options, rows, columns, gradient, &velocity, &weights, workspace)
                }
            }
            return [weights, velocity]
        } check: { results, isa in
            let moved = zip(results[0], start).map { $0 - $1 }
            let expectedMove = zip(expected, doubles(start)).map { $0 - $1 }
            #expect(relativeError(moved, expectedMove) < tolerance, "\(rows)x\(columns) on \(isa)")
            #expect(relativeError(results[1], velocity) < Self.tolerance, "velocity, \(rows)x\(columns) on \(isa)")
        }
    }
}
