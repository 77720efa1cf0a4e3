import SwiftNN
import TestSupport
import Testing

/// Whole trainings against PyTorch: the first ten losses from the same weights and batches.
@Suite struct TrainingFixtureTests {
    /// Ten steps of float32 against float64; a wrong gradient shows from the second loss on as more than a thousandth.
    static let tolerance = 1e-5

    private static func mlp() -> Sequential {
        Sequential {
            Linear(12, 9)
            ReLU()
            Linear(9, 8)
            Tanh()
            Linear(8, 4)
        }
    }

    static func cnn() -> Sequential {
        Sequential {
            Conv2d(2, 5, kernelSize: 3, padding: 1)
            BatchNorm2d(5)
            ReLU()
            MaxPool2d(2)
            Flatten()
            Linear(45, 4)
        }
    }

    @Test(arguments: ["mlp", "cnn"], ["sgd", "adam"]) func losesAsPyTorch(name: String, rule: String) throws {
        let fixture = Fixture.trainings
        let model = name == "mlp" ? Self.mlp() : Self.cnn()
        try model.load(fixture.tensors(under: "\(name)/p."))
        let (x, labels) = (try fixture.tensor("\(name)/x"), try fixture.tensor("\(name)/labels"))
        let optimizer = Optimizer(
            rule == "sgd" ? SGD(lr: 0.1, momentum: 0.9) : Adam(lr: 0.01) as any UpdateRule, model.parameters)
        let plan = try Plan(
            model, inputShape: Array(x.shape.dropFirst()), mode: .training, loss: CrossEntropyLoss())
        let losses = try (0..<x.shape[0]).map { step in
            let batch = x[rows: step..<step + 1].reshaped(Array(x.shape.dropFirst()))
            let loss = try plan.forward(batch, labels: labels[rows: step..<step + 1].scalars.map { Int32($0) })
            optimizer.clearGradients()
            plan.backward()
            optimizer.step()
            return Float(loss)
        }
        let expected = try fixture.tensor("\(name)/losses-\(rule)")
        expectClose(Tensor(losses), expected, tolerance: Self.tolerance, "losses of \(name) with \(rule)")
    }
}
