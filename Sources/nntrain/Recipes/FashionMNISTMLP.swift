// Evidence, 2026-11-21: test accuracy 89.97 %, the mean of 5 seeds with deviation 0.13: 90.06, 89.89, 89.78, 90.04,
// 90.06 % for the seeds 1 to 5. Training took 9.4 to 15.1 s on two cores of an AMD EPYC (Zen 3, AVX2) shared with
// others; the model file has 941,128 bytes. Tuned on 10,000 held-out training samples with the seeds 11 to 13
// (`--hold-out 10000`).
//
//     nntrain fashion-mnist --seed N
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
        .perceptron(inputs: 784, hidden: [(256, dropout: 0.2), (128, dropout: 0.1)], classes: 10)
    }
}
