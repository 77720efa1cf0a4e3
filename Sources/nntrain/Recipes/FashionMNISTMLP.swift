import SwiftNN

extension Recipe {
    static let fashionMNISTMLP = Recipe(
        name: "mlp",
        dataset: .fashionMNIST,
        summary: "a multi-layer perceptron 784-256-128-10 with dropout",
        epochs: 16,
        batchSize: 128,
        rule: AdamW(lr: 2e-3, weightDecay: 1e-2),
        schedule: OneCycleSchedule(rise: 0.25),
        loss: CrossEntropyLoss()
    ) {
        Sequential {
            Flatten()
            Linear(784, 256)
            ReLU()
            Dropout(0.2)
            Linear(256, 128)
            ReLU()
            Dropout(0.1)
            Linear(128, 10)
        }
    }
}
