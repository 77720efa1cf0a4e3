/// Muon on one matrix, by its formulas, with the matrices row by row.
public struct ReferenceMuon {
    public var rate = 0.02, momentum = 0.95, weightDecay = 0.0, nesterov = true, iterations = 5,
        normalizesWeights = false
    /// What is done with every matrix of the iteration.
    public var rounding: ([Double]) -> [Double] = { $0 }

    public init() {}

    public func step(rows: Int, columns: Int, gradient: [Double], velocity: inout [Double], weights: inout [Double]) {
        velocity = zip(velocity, gradient).map { momentum * $0 + $1 }
        let update = nesterov ? zip(velocity, gradient).map { momentum * $0 + $1 } : velocity
        let direction = orthogonalised(update, rows, columns)
        let stretch = max(1, Double(rows) / Double(columns)).squareRoot()
        if normalizesWeights {
            let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-7
            weights = weights.map { $0 * Double(rows).squareRoot() / norm }
        }
        weights = zip(weights, direction).map { $0 * (1 - rate * weightDecay) - rate * stretch * $1 }
    }

    /// Newton and Schulz's iteration, whose result does not depend on which of the sides is the longer one.
    private func orthogonalised(_ matrix: [Double], _ rows: Int, _ columns: Int) -> [Double] {
        let norm = matrix.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-7
        var x = rounding(matrix.map { $0 / norm })
        for _ in 0..<iterations {
            let square = rounding(product(x, transposed(x, rows, columns), rows, columns, rows))
            let fourth = product(square, square, rows, rows, rows)
            let factor = rounding(zip(square, fourth).map { -4.7750 * $0 + 2.0315 * $1 })
            x = rounding(zip(x, product(factor, x, rows, rows, columns)).map { 3.4445 * $0 + $1 })
        }
        return x
    }

    private func transposed(_ matrix: [Double], _ rows: Int, _ columns: Int) -> [Double] {
        (0..<rows * columns).map { matrix[$0 % rows * columns + $0 / rows] }
    }

    private func product(_ a: [Double], _ b: [Double], _ m: Int, _ k: Int, _ n: Int) -> [Double] {
        (0..<m * n).map { index in (0..<k).reduce(0) { $0 + a[index / n * k + $1] * b[$1 * n + index % n] } }
    }
}
