import SwiftNN
import TestSupport
import Testing

/// Every loss against PyTorch: its value and its gradient, through a plan that does nothing else.
@Suite struct LossFixtureTests {
    static let tolerance = 2e-6

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let loss: @Sendable () -> any Loss
        var testDescription: String { name }

        init(_ name: String, _ loss: @escaping @autoclosure @Sendable () -> any Loss) {
            (self.name, self.loss) = (name, loss)
        }
    }

    static let cases = [
        Case("cross-entropy-labels", CrossEntropyLoss()),
        Case("cross-entropy-sum", CrossEntropyLoss(reduction: .sum)),
        Case("cross-entropy-smoothing", CrossEntropyLoss(labelSmoothing: 0.1)),
        Case("cross-entropy-large", CrossEntropyLoss()),
        Case("cross-entropy-probabilities", CrossEntropyLoss(targets: .probabilities)),
        Case(
            "cross-entropy-probabilities-smoothing", CrossEntropyLoss(labelSmoothing: 0.2, targets: .probabilities)),
        Case("cross-entropy-wide", CrossEntropyLoss(labelSmoothing: 0.1)),
        Case("mse", MSELoss()),
        Case("mse-sum", MSELoss(reduction: .sum)),
        Case("bce", BCEWithLogitsLoss()),
        Case("bce-sum", BCEWithLogitsLoss(reduction: .sum)),
        Case("bce-large", BCEWithLogitsLoss()),
    ]

    @Test(arguments: cases) func agreesWithPyTorch(_ lossCase: Case) throws {
        let (fixture, name) = (Fixture.losses, lossCase.name)
        let x = try fixture.tensor("\(name)/x")
        let targets = try fixture.tensor("\(name)/targets")
        let plan = try Plan(
            Identity(), inputShape: x.shape, mode: .training, loss: lossCase.loss(), inputGradient: true)
        let value =
            targets.shape == x.shape
            ? try plan.forward(x, targets: targets) : try plan.forward(x, labels: targets.scalars.map { Int32($0) })
        plan.backward()
        expectClose(
            Tensor([Float(value)], shape: []), try fixture.tensor("\(name)/value"), tolerance: Self.tolerance, name)
        let gradient = try #require(plan.inputGradient)
        expectClose(gradient, try fixture.tensor("\(name)/dx"), tolerance: Self.tolerance, "gradient of \(name)")
    }
}
