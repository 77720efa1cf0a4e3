import Foundation
import ReferenceKernels
import SwiftNN
import Testing

@testable import coursework

/// The gradients by hand, by the library and by differences in Float, each against differences in Double.
@Suite struct BackpropagationTests {
    static let sizes = [(inputs: 4, hidden: 5, classes: 3, rows: 1), (1, 1, 2, 1), (3, 2, 5, 4), (7, 11, 10, 2)]

    @Test(arguments: sizes) func agreesWithDifferences(inputs: Int, hidden: Int, classes: Int, rows: Int) throws {
        let network = PerceptronOfTwoLayers(inputs: inputs, hidden: hidden, classes: classes, seed: 3)
        let x = Tensor.normal([rows, inputs], seed: 4)
        var y = Tensor.zeros([rows, classes])
        for row in 0..<rows { y[row, (row + 1) % classes] = 1 }

        let expected = differencesInDouble(network, doubles(x.scalars), doubles(y.scalars), rows: rows)
        let ways = [
            (signals: try network.gradientsByHand(x, y), tolerance: 1e-6, least: 1e-30),
            (try network.gradientsByLibrary(x, y), 1e-6, 1e-30),
            // The rounding of f2 (1e-7) over the step of 1/128 is an absolute error, however small the gradient.
            (try network.gradientsByDifferences(x, y), 2e-5, 1),
        ]
        for (signals, tolerance, least) in ways {
            for (actual, expected) in zip([signals.f2, signals.h, signals.f1, signals.x], expected) {
                #expect(relativeError(actual.scalars, expected, least: least) < tolerance)
            }
            #expect(signals.x.shape == x.shape && signals.f2.shape == y.shape)
        }
    }

    /// The gradients with respect to f2, h, f1 and x.
    private func differencesInDouble(
        _ network: PerceptronOfTwoLayers, _ x: [Double], _ y: [Double], rows: Int
    ) -> [[Double]] {
        func loss(f2: [Double]) -> Double { crossEntropy(f2, y, rows: rows) }
        func loss(h: [Double]) -> Double { loss(f2: linear(h, network.second, rows: rows)) }
        func loss(f1: [Double]) -> Double { loss(h: f1.map(sigmoid)) }
        func loss(x: [Double]) -> Double { loss(f1: linear(x, network.first, rows: rows)) }

        let f1 = linear(x, network.first, rows: rows)
        let h = f1.map(sigmoid)
        let f2 = linear(h, network.second, rows: rows)
        return [
            centralDifferences(at: f2, of: loss(f2:)), centralDifferences(at: h, of: loss(h:)),
            centralDifferences(at: f1, of: loss(f1:)), centralDifferences(at: x, of: loss(x:)),
        ]
    }

    private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    private func linear(_ x: [Double], _ layer: Linear, rows: Int) -> [Double] {
        let (weight, bias) = (doubles(layer.weight.value.scalars), doubles(layer.bias?.value.scalars ?? []))
        let inputs = x.count / rows
        return (0..<rows * bias.count).map { place in
            let (row, out) = (place / bias.count, place % bias.count)
            return (0..<inputs).reduce(bias[out]) { $0 + x[row * inputs + $1] * weight[out * inputs + $1] }
        }
    }

    /// −Σ y log o over all rows.
    private func crossEntropy(_ f2: [Double], _ y: [Double], rows: Int) -> Double {
        let classes = f2.count / rows
        return (0..<rows).reduce(0) { loss, row in
            let range = row * classes..<(row + 1) * classes
            let sum = f2[range].reduce(0) { $0 + exp($1) }
            return loss - range.reduce(0) { $0 + y[$1] * log(exp(f2[$1]) / sum) }
        }
    }
}
