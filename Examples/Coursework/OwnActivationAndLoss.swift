import SwiftNN

/// An activation of one's own: a ReLU with a round corner, (x + √(x² + 4)) / 2 (Barron 2021).
struct Squareplus: ActivationFunction {
    func value(_ x: Float) -> Float { (x + (x * x + 4).squareRoot()) / 2 }
    func derivative(_ x: Float) -> Float { (1 + x / (x * x + 4).squareRoot()) / 2 }
}

/// A loss of one's own: every class is to stay 1 below the right one (Weston & Watkins 1999).
///
///     J = (1/n) Σ Σ_{c ≠ label} max(0, 1 + o[c] − o[label])
struct MarginLoss: LabelLoss {
    func evaluate(
        _ prediction: Span<Float>, classes: Int, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> Double {
        let share = 1 / Float(labels.count)
        var sum = 0.0
        for row in labels.indices {
            let right = row * classes + Int(labels[row])
            var violations: Float = 0
            for place in row * classes..<(row + 1) * classes {
                let excess = place == right ? 0 : max(0, 1 + prediction[place] - prediction[right])
                gradient[place] = excess > 0 ? share : 0
                violations += excess > 0 ? 1 : 0
                sum += Double(excess)
            }
            gradient[right] = -violations * share
        }
        return sum * Double(share)
    }
}
