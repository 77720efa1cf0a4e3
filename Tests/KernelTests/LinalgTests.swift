import CKernels
import ReferenceKernels
import Testing

@Suite struct LinalgTests {
    /// The products are rounded to float32 to compare them.
    static let tolerance = 1e-6

    /// A = Vᵀ diag(values) V with orthonormal rows of V.
    @Test(arguments: [0, 1, 2, 3, 12, 27]) func eigenvectorsRebuildTheMatrix(n: Int) {
        let random = doubles(randomFloats(n * n, seed: 4))
        let symmetric = (0..<n * n).map { random[$0] + random[$0 % n * n + $0 / n] }
        var vectors = symmetric
        var values = [Double](repeating: .nan, count: n)
        #expect(
            withWorkspace(snn_symmetric_eigen_workspace_size(n)) { snn_symmetric_eigen(n, &vectors, &values, $0) })
        #expect(values == values.sorted())

        func product(_ element: (_ row: Int, _ column: Int, _ k: Int) -> Double) -> [Float] {
            (0..<n * n).map { index in Float((0..<n).reduce(0) { $0 + element(index / n, index % n, $1) }) }
        }
        let rebuilt = product { row, column, k in values[k] * vectors[k * n + row] * vectors[k * n + column] }
        let squares = product { row, column, k in vectors[row * n + k] * vectors[column * n + k] }
        let identity = (0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }
        #expect(relativeError(rebuilt, symmetric) < Self.tolerance)
        #expect(relativeError(squares, identity) < Self.tolerance)
    }
}
