// Evidence: to be measured.
//
//     nntrain cifar10 --recipe course --seed N
import SwiftNN

extension Recipe {
    static let cifar10Course = Recipe(
        name: "course",
        dataset: .cifar10,
        summary: "a plain network of six 3x3 convolutions with batch norm, as a student would write it",
        epochs: 16,
        batchSize: 128,
        rule: SGD(lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4),
        schedule: OneCycleSchedule(rise: 0.25),
        loss: CrossEntropyLoss(),
        augmentation: ImageAugmentation(flip: .random, translation: 4, edge: .black)
    ) {
        Sequential {
            block(3, 32)
            block(32, 32)
            MaxPool2d(2)
            block(32, 64)
            block(64, 64)
            MaxPool2d(2)
            block(64, 128)
            block(128, 128)
            MaxPool2d(2)
            Flatten()
            Linear(128 * 4 * 4, 10)
        }
    }

    private static func block(_ inChannels: Int, _ outChannels: Int) -> [any Layer] {
        [Conv2d(inChannels, outChannels, kernelSize: 3, padding: .same, bias: false), BatchNorm2d(outChannels), ReLU()]
    }
}
