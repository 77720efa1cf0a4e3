import SwiftNN

/// The networks whose training steps are timed; Benchmarks/pytorch/networks.py has the same ones.
enum Network: String, CaseIterable {
    case mlp, lenet5, airbench

    /// Batch sizes to time it at.
    var batches: [Int] { self == .mlp ? [16, 64, 256] : [64] }

    /// The shape of one example.
    var inputShape: [Int] {
        switch self {
        case .mlp: [784]
        case .lenet5: [1, 28, 28]
        case .airbench: [3, 32, 32]
        }
    }

    static let classes = 10

    func makeModel() -> Sequential {
        switch self {
        case .mlp: Self.perceptron
        case .lenet5: Self.lenet
        case .airbench: Self.speedrun
        }
    }

    private static var perceptron: Sequential {
        Sequential {
            Linear(784, 256)
            ReLU()
            Linear(256, classes)
        }
    }

    /// After LeCun et al. 1998, with ReLU and max pooling.
    private static var lenet: Sequential {
        Sequential {
            Conv2d(1, 6, kernelSize: 5, padding: 2)
            ReLU()
            MaxPool2d(2)
            Conv2d(6, 16, kernelSize: 5)
            ReLU()
            MaxPool2d(2)
            Flatten()
            Linear(400, 120)
            ReLU()
            Linear(120, 84)
            ReLU()
            Linear(84, classes)
        }
    }

    /// The network of cifar10-airbench94.
    private static var speedrun: Sequential {
        Sequential {
            Conv2d(3, 24, kernelSize: 2)
            GELU()
            speedrunBlock(24, 64)
            speedrunBlock(64, 256)
            speedrunBlock(256, 256)
            MaxPool2d(3)
            Flatten()
            Linear(256, classes, bias: false)
        }
    }

    private static func speedrunBlock(_ inChannels: Int, _ outChannels: Int) -> [any Layer] {
        [
            Conv2d(inChannels, outChannels, kernelSize: 3, padding: 1, bias: false), MaxPool2d(2),
            BatchNorm2d(outChannels), GELU(),
            Conv2d(outChannels, outChannels, kernelSize: 3, padding: 1, bias: false), BatchNorm2d(outChannels), GELU(),
        ]
    }
}
