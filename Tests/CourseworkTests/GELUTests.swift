import Foundation
import ReferenceKernels
import SwiftNN
import Testing

@testable import coursework

/// The steps of the descent against the exercise's formulas in Double.
@Suite struct GELUTests {
    static let tolerance = 2e-7

    @Test(arguments: [(0, 0.1), (0, 1), (-3, 0.1)]) func gradientDescent(start: Double, rate: Double) {
        var expected = [start]
        for t in 0..<3 { expected.append(expected[t] - rate * derivative(expected[t])) }
        let points = GELUDescent.descend(from: Float(start), SGD(lr: Float(rate)))
        #expect(relativeError(points, expected) < Self.tolerance)
        expectValues(points, expected)
    }

    @Test func averagedMomentum() {
        var (expected, v) = ([-3.0], derivative(-3))
        for t in 0..<3 {
            v = 0.9 * v + 0.1 * derivative(expected[t])
            expected.append(expected[t] - 0.1 * v)
        }
        let points = GELUDescent.descend(from: -3, GELUDescent.averagedMomentum)
        // The ways differ in the fifth digit; the steps tell more than the points.
        #expect(relativeError(points, expected) < Self.tolerance)
        let steps = zip(points, points.dropFirst()).map { $1 - $0 }
        #expect(relativeError(steps, zip(expected, expected.dropFirst()).map { $1 - $0 }) < 2e-4)
        expectValues(points, expected)
    }

    private func expectValues(_ points: [Float], _ expected: [Double]) {
        let values = GELUDescent.gelu(Tensor(points)).scalars
        #expect(relativeError(values, expected.map(gelu)) < 1e-6)
    }

    /// The derivative comes from differences here.
    private func derivative(_ x: Double) -> Double { centralDifferences(at: [x]) { gelu($0[0]) }[0] }

    private func gelu(_ x: Double) -> Double { x / (1 + exp(-1.702 * x)) }
}
