import Foundation
import ReferenceKernels
import SwiftNN
import Testing

@testable import coursework

/// The derivative table against the functions' definitions in Double.
@Suite struct ActivationTableTests {
    private func expected(_ activation: HiddenActivation, _ x: Double) -> (value: Double, derivative: Double) {
        let logistic = 1 / (1 + exp(-x))
        let root = (x * x + 4).squareRoot()
        return switch activation {
        case .identity: (x, 1)
        case .binaryStep: (x < 0 ? 0 : 1, 0)
        case .logistic: (logistic, logistic * (1 - logistic))
        case .tanh: (tanh(x), 1 / (cosh(x) * cosh(x)))
        case .arctan: (atan(x), 1 / (1 + x * x))
        case .relu: (max(0, x), x > 0 ? 1 : 0)
        case .prelu: (x > 0 ? x : 0.25 * x, x > 0 ? 1 : 0.25)
        case .elu: (x > 0 ? x : expm1(x), x > 0 ? 1 : exp(x))
        case .softplus: (log1p(exp(x)), logistic)
        case .squareplus: ((x + root) / 2, (1 + x / root) / 2)
        }
    }

    @Test(arguments: HiddenActivation.allCases)
    func valuesAndDerivatives(activation: HiddenActivation) throws {
        let table = try ActivationTable(activation)
        let expected = ActivationTable.points.map { self.expected(activation, Double($0)) }
        #expect(relativeError(table.values, expected.map(\.value)) < 1e-6)
        #expect(relativeError(table.derivatives, expected.map(\.derivative)) < 1e-6)
    }

    /// The error of a central difference is h²/6 of the third derivative, at most 2 here, and the rounding of the values.
    @Test(arguments: HiddenActivation.allCases)
    func differencesAgree(activation: HiddenActivation) throws {
        let table = try ActivationTable(activation)
        let h = Double(ActivationTable.step)
        #expect(Double(table.largestError) < h * h / 6 * 2 + 2 * 4.0.ulpOfFloat / h)
        #expect(table.differences.count { $0 == nil } == (activation.hasKink ? 1 : 0))
    }
}

extension Double {
    fileprivate var ulpOfFloat: Double { Double(Float(self).ulp) }
}
