import Foundation
import ReferenceKernels
import SwiftNN
import Testing

@testable import coursework

/// Momentum on one weight: the whole way of the weight against the exercise's formulas in Double.
@Suite struct MomentumTests {
    /// 166 steps, each rounded to Float, relative to weights of up to 8: a rounding fades with the momentum.
    static let tolerance = 1e-6

    @Test func onReLU() throws {
        let expected = trajectory(from: 1) { w in 0.5 * w > 0 ? (0.5 * w - 1) * 0.5 : 0 }
        let weights = try MomentumOnReLU.weights(167)
        #expect(relativeError(weights, expected) < Self.tolerance)
        #expect(truncated(expected[166]) == "2.000")
        #expect(truncated(Double(weights[166])) == "2.000")
    }

    @Test func onLogistic() throws {
        let expected = trajectory(from: 0) { w in
            // −log y with y = 1 / (1 + exp(0.5 w)) has the derivative 0.5 (1 − y).
            0.5 * (1 - 1 / (1 + exp(0.5 * w)))
        }
        let weights = try MomentumOnLogistic.weights(167)
        #expect(relativeError(weights, expected) < Self.tolerance)
        #expect(truncated(expected[166]) == "-7.554")
        #expect(truncated(Double(weights[166])) == "-7.554")
    }

    /// w(1) ... w(167) with Δw(1) = 0.5, β = 0.9 and η = 0.1.
    private func trajectory(from first: Double, gradient: (Double) -> Double) -> [Double] {
        var (weights, step) = ([first], 0.5)
        for k in 0..<166 {
            step = 0.9 * step - 0.1 * gradient(weights[k])
            weights.append(weights[k] + step)
        }
        return weights
    }

    private func truncated(_ value: Double) -> String {
        NumberText.fixed(value, digits: 3, rounding: .towardZero)
    }

    @Test func theLossIsHalfTheSquare() throws {
        let plan = try Plan(
            Identity(), inputShape: [1, 2], mode: .training, loss: L2Divergence(), inputGradient: true)
        let loss = try plan.forward(Tensor([3, 1], shape: [1, 2]), targets: Tensor([1, 2], shape: [1, 2]))
        plan.backward()
        #expect(loss == 2.5)
        #expect(plan.inputGradient == Tensor([2, -1], shape: [1, 2]))
    }
}
