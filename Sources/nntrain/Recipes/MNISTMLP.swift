// Evidence, 2026-11-21: test accuracy 98.54 % (error 1.46 %), the mean of 5 seeds with deviation 0.07: 98.60, 98.52,
// 98.45, 98.61, 98.53 % for the seeds 1 to 5. Training took 6.6 to 6.7 s on two cores of an AMD EPYC (Zen 3, AVX2)
// shared with others; the model file has 941,128 bytes. Tuned on 10,000 held-out training samples with the seeds 11 to
// 13 (`--hold-out 10000`).
//
//     nntrain mnist --seed N
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
