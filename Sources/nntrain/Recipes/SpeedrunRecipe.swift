import SwiftNN

extension Recipe {
    /// What the recipes with speedrun networks have in common, after Jordan's cifar10-airbench (2024) and Muon (2024).
    static func speedrun(
        name: String, summary: String, widths: [Int], depth: Int = 2, epochs: Int, batchSize: Int = 512,
        translation: Int = 2, proxyWidths: [Int]? = nil, resizing: [ProgressiveResizing.Stage] = []
    ) -> Recipe {
        Recipe(
            name: name,
            dataset: .cifar10,
            summary: summary,
            epochs: epochs,
            batchSize: batchSize,
            rule: SGD(lr: 0.75, momentum: 0.85, nesterov: true, weightDecay: 1.33e-3),
            schedule: SequenceSchedule([
                (fraction: 0.23, LinearSchedule(from: 0.2, to: 1)), (fraction: 0.77, LinearSchedule(from: 1, to: 0.07)),
            ]),
            loss: CrossEntropyLoss(labelSmoothing: 0.2),
            augmentation: ImageAugmentation(flip: .alternating, translation: translation),
            views: .mirrorAndShift,
            prepare: Sequential.whitenFirstLayer,
            groups: { model, rule, precision in
                .speedrun(
                    model, rule,
                    convolutions: Muon(
                        lr: 0.12, momentum: 0.6, iterations: 3, normalizesWeights: true, precision: precision),
                    biasFactor: 64)
            },
            proxy: proxyWidths.map { widths in
                Proxy(summary: "groups of \(widths)") { .speedrun(widths: widths) }
            },
            callbacks: {
                [Lookahead(every: 5, retention: 0.774, fadesIn: true)]
                    + (resizing.isEmpty ? [] : [ProgressiveResizing(resizing)])
            },
            makeModel: { .speedrun(widths: widths, depth: depth) }
        )
    }
}
