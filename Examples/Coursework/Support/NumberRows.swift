import SwiftNN

/// Numbers in columns of one width, as they stand on paper.
func rowText(_ numbers: some Sequence<Float>, digits: Int) -> String {
    numbers.map { number in
        let text = NumberText.fixed(Double(number), digits: digits)
        return String(repeating: " ", count: max(digits + 4 - text.count, 0)) + text
    }.joined(separator: " ")
}

/// The rows of a matrix, a line each.
func matrixText(_ matrix: Tensor, digits: Int) -> String {
    (0..<matrix.shape[0]).map { rowText(matrix[rows: $0..<$0 + 1].scalars, digits: digits) }.joined(separator: "\n")
}
