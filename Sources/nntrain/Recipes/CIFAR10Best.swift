// Evidence: not yet measured.
//
//     nntrain cifar10 --recipe best --seed N
import SwiftNN

extension Recipe {
    static let cifar10Best = speedrun(
        name: "best",
        summary: "towards 95.5 %: wider groups of 128, 384 and 384 channels with shortcuts, 16 epochs",
        widths: [128, 384, 384],
        depth: 3,
        epochs: 16,
        translation: 4)
}
