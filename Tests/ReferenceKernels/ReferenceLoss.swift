import Foundation

/// log(softmax(x)) of every row.
public func referenceLogSoftmax(rows: Int, classes: Int, x: [Double]) -> [Double] {
    var y = x
    for r in 0..<rows where classes > 0 {
        let row = r * classes..<(r + 1) * classes
        let largest = x[row].max()!
        let sum = x[row].reduce(0) { $0 + exp($1 - largest) }
        for i in row { y[i] = x[i] - largest - log1p(sum - 1) }
    }
    return y
}

public func referenceSoftmax(rows: Int, classes: Int, x: [Double]) -> [Double] {
    referenceLogSoftmax(rows: rows, classes: classes, x: x).map { exp($0) }
}

/// The sum of the rows' cross-entropies with their target distributions, and its gradient.
public func referenceCrossEntropy(
    rows: Int, classes: Int, logits: [Double], targets: [Double]
) -> (loss: Double, gradient: [Double]) {
    let logarithms = referenceLogSoftmax(rows: rows, classes: classes, x: logits)
    var loss = 0.0
    var gradient = logits
    for r in 0..<rows {
        let row = r * classes..<(r + 1) * classes
        let total = targets[row].reduce(0, +)
        for i in row {
            loss -= targets[i] * logarithms[i]
            gradient[i] = total * exp(logarithms[i]) - targets[i]
        }
    }
    return (loss, gradient)
}

/// The target distributions of labels with label smoothing.
public func referenceTargets(classes: Int, labels: [Int32], smoothing: Double) -> [Double] {
    labels.flatMap { label in
        (0..<classes).map { (Int32($0) == label ? 1 - smoothing : 0) + smoothing / Double(classes) }
    }
}

/// y * (dy - sum(dy * y)) of every row.
public func referenceSoftmaxBackward(rows: Int, classes: Int, y: [Double], dy: [Double]) -> [Double] {
    var dx = dy
    for r in 0..<rows {
        let row = r * classes..<(r + 1) * classes
        let dot = row.reduce(0) { $0 + dy[$1] * y[$1] }
        for i in row { dx[i] = y[i] * (dy[i] - dot) }
    }
    return dx
}

/// dy - exp(y) * sum(dy) of every row.
public func referenceLogSoftmaxBackward(rows: Int, classes: Int, y: [Double], dy: [Double]) -> [Double] {
    var dx = dy
    for r in 0..<rows {
        let row = r * classes..<(r + 1) * classes
        let sum = dy[row].reduce(0, +)
        for i in row { dx[i] = dy[i] - exp(y[i]) * sum }
    }
    return dx
}

/// The sum of squared differences, and its gradient.
public func referenceMSE(x: [Double], targets: [Double]) -> (loss: Double, gradient: [Double]) {
    let differences = zip(x, targets).map(-)
    return (differences.reduce(0) { $0 + $1 * $1 }, differences.map { 2 * $0 })
}

/// The sum of binary cross-entropies from logits, and its gradient.
public func referenceBCEWithLogits(x: [Double], targets: [Double]) -> (loss: Double, gradient: [Double]) {
    var loss = 0.0
    for (x, t) in zip(x, targets) { loss += max(x, 0) - x * t + log1p(exp(-abs(x))) }
    return (loss, zip(x, targets).map { logistic($0) - $1 })
}

/// How many rows have the first of their largest logits at the label.
public func referenceCountCorrect(classes: Int, logits: [Float], labels: [Int32]) -> Int {
    labels.indices.filter { r in
        let row = Array(logits[r * classes..<(r + 1) * classes])
        return !row.contains(where: \.isNaN) && row.firstIndex(of: row.max()!) == Int(labels[r])
    }.count
}
