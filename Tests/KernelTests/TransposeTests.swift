import CKernels
import Testing

@Suite struct TransposeTests {
    @Test(arguments: [
        (0, 3, 4), (1, 1, 1), (2, 3, 5), (3, 16, 16), (2, 17, 33), (1, 64, 65), (1, 130, 70), (4, 3, 1024),
        (2, 2, 37), (3, 28, 6), (1, 5, 50), (2, 70, 7), (1, 8, 21), (2, 4, 3),
    ])
    func exchangesRowsAndColumns(batch: Int, rows: Int, columns: Int) {
        let count = batch * rows * columns
        let x = randomFloats(count, seed: 1)
        var expected = [Float](repeating: 0, count: count)
        for index in 0..<count {
            let (matrix, row, column) = (index / (rows * columns), index / columns % max(rows, 1), index % columns)
            expected[matrix * rows * columns + column * rows + row] = x[index]
        }
        onEveryConfiguration("transpose \(batch)x\(rows)x\(columns)") {
            var out = [Float](repeating: .nan, count: count)
            snn_transpose(batch, rows, columns, x, &out)
            return [out]
        } check: { results, isa in
            #expect(results[0] == expected, "\(isa)")
        }
    }
}
