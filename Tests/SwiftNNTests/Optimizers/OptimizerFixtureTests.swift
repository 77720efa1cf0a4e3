import SwiftNN
import TestSupport
import Testing

/// Every update rule and gradient clipping against PyTorch.
@Suite struct OptimizerFixtureTests {
    /// Six steps accumulate their roundings.
    static let tolerance = 4e-6

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let rule: @Sendable () -> any UpdateRule
        var testDescription: String { name }

        init(_ name: String, _ rule: @escaping @autoclosure @Sendable () -> any UpdateRule) {
            (self.name, self.rule) = (name, rule)
        }
    }

    static let cases = [
        Case("sgd", SGD(lr: 0.1)),
        Case("sgd-momentum", SGD(lr: 0.1, momentum: 0.9)),
        Case("sgd-nesterov", SGD(lr: 0.1, momentum: 0.9, nesterov: true)),
        Case("sgd-dampening", SGD(lr: 0.1, momentum: 0.8, dampening: 0.3)),
        Case("sgd-decay", SGD(lr: 0.1, momentum: 0.9, weightDecay: 0.05)),
        Case("adam", Adam(lr: 0.01)),
        Case("adam-decay", Adam(lr: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1)),
        Case("adam-amsgrad", Adam(lr: 0.01, amsgrad: true)),
        Case("adamw", AdamW(lr: 0.01, weightDecay: 0.1)),
        Case("adamw-amsgrad", AdamW(lr: 0.01, weightDecay: 0.1, amsgrad: true)),
        Case("rmsprop", RMSProp(lr: 0.01)),
        Case("rmsprop-decay", RMSProp(lr: 0.01, smoothing: 0.9, epsilon: 1e-6, weightDecay: 0.1)),
        Case("rmsprop-momentum", RMSProp(lr: 0.01, momentum: 0.9)),
        Case("rmsprop-centered", RMSProp(lr: 0.01, momentum: 0.9, centered: true)),
    ]

    @Test(arguments: cases) func agreesWithPyTorch(_ ruleCase: Case) throws {
        let (weights, _) = try run(ruleCase.rule())
        let expected = try Fixture.optimizers.tensor("\(ruleCase.name)/w")
        #expect(relativeErrorOfSteps(weights, expected) < Self.tolerance, "\(ruleCase.name)")
    }

    /// A scaled gradient times the scale's inverse is the same step, for rules and scales that are powers of 2 to the bit.
    @Test(arguments: cases) func scalesGradients(_ ruleCase: Case) throws {
        let (weights, _) = try run(ruleCase.rule())
        let (scaled, _) = try run(ruleCase.rule(), gradientFactor: 8, gradientScale: 0.125)
        #expect(weights.map(bits) == scaled.map(bits))
    }

    @Test(arguments: cases) func goesOnFromItsState(_ ruleCase: Case) throws {
        let (weights, _) = try run(ruleCase.rule())
        let (first, state) = try run(ruleCase.rule(), steps: 0..<3)
        let (second, _) = try run(ruleCase.rule(), steps: 3..<6, start: first.last, state: state)
        #expect(weights.map(bits) == (first + second).map(bits))
    }

    /// Weights after each step, and the optimizer's state after the last.
    private func run(
        _ rule: any UpdateRule, steps: Range<Int> = 0..<6, start: Tensor? = nil,
        state: [(numbers: Tensor, step: Int)]? = nil, gradientFactor: Float = 1, gradientScale: Float = 1
    ) throws -> ([Tensor], [(numbers: Tensor, step: Int)]) {
        let parameter = Parameter([19], .zeros)
        parameter.value = try start ?? Fixture.optimizers.tensor("start")
        let gradients = try Fixture.optimizers.tensor("gradients")
        let optimizer = Optimizer(rule, [parameter])
        if let state { optimizer.state = state }
        let weights = steps.map { step in
            parameter.gradient = gradientFactor * gradients[rows: step..<step + 1].reshaped([19])
            optimizer.step(gradientScale: gradientScale)
            return parameter.value
        }
        return (weights, optimizer.state)
    }

    private func relativeErrorOfSteps(_ weights: [Tensor], _ expected: Tensor) -> Double {
        let actual = Tensor(weights.flatMap(\.scalars), shape: [weights.count, 19])
        let difference = (actual - expected).scalars.map(abs).max() ?? .infinity
        return Double(difference / (expected.scalars.map(abs).max() ?? 1))
    }

    // MARK: Clipping

    @Test(arguments: [
        ("norm", GradientClipping.norm(2)), ("norm-large", .norm(1000)), ("value", .value(0.5)),
    ])
    func clipsAsPyTorch(name: String, clipping: GradientClipping) throws {
        let fixture = Fixture.optimizers
        let parameters = try (0..<3).map { index in
            let gradient = try fixture.tensor("clipping/\(index)")
            let parameter = Parameter(gradient.shape, .zeros)
            parameter.gradient = gradient
            return parameter
        }
        let norm = clipping.apply(to: parameters)
        for (index, parameter) in parameters.enumerated() {
            let expected = try fixture.tensor("clipping-\(name)/\(index)")
            expectClose(parameter.gradient, expected, tolerance: 1e-6, "\(name) \(index)")
        }
        if let expected = fixture.optional("clipping-\(name)/norm") {
            expectClose(Tensor([norm], shape: []), expected, tolerance: 1e-6, "norm")
        }
    }
}
