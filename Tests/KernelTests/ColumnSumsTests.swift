import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct ColumnSumsTests {
    static let tolerance = 2e-6

    @Test(arguments: ColumnSumsCase.all, [SNN_FLOAT32, SNN_BFLOAT16])
    func matchesReference(_ sums: ColumnSumsCase, _ format: snn_number_format) {
        let (rows, columns) = (sums.rows, sums.columns)
        let x = randomOperand(rows * columns, seed: 1, bfloat16: format == SNN_BFLOAT16)
        let initial = randomFloats(columns, seed: 2)
        let zeros = [Double](repeating: 0, count: columns)
        let plain = referenceColumnSums(rows: rows, columns: columns, x: doubles(x), initial: zeros)
        let added = referenceColumnSums(rows: rows, columns: columns, x: doubles(x), initial: doubles(initial))
        onEveryConfiguration(sums) {
            [false, true].map { accumulate in
                var out = accumulate ? initial : [Float](repeating: .nan, count: columns)
                withWorkspace(snn_column_sums_workspace_size(rows, columns)) {
                    snn_column_sums(rows, columns, format, encoded(x, format), accumulate, &out, $0)
                }
                return out
            }
        } check: { results, isa in
            #expect(relativeError(results[0], plain) < Self.tolerance, "\(sums) on \(isa)")
            #expect(relativeError(results[1], added) < Self.tolerance, "\(sums) accumulated on \(isa)")
        }
    }
}
