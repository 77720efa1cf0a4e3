import SwiftNN

extension Recipe {
    static let mnistMLP = Recipe(
        name: "mlp",
        dataset: .mnist,
        summary: "a multi-layer perceptron 784-256-128-10 with dropout",
        epochs: 12,
        batchSize: 128,
        rule: AdamW(lr: 2e-3, weightDecay: 1e-2),
        schedule: OneCycleSchedule(rise: 0.25),
        loss: CrossEntropyLoss()
    ) {
        .perceptron(inputs: 784, hidden: [(256, dropout: 0.2), (128, dropout: 0.1)], classes: 10)
    }
}
