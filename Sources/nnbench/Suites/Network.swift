import SwiftNN

/// The networks that are timed as a whole; Benchmarks/pytorch/networks.py has the same ones, with the same names of their
/// parameters.
enum Network: String, CaseIterable {
    case mlp, lenet5, airbench, resnet18

    /// The network of a line, the batch size and what numbers it computes with.
    static func parse(_ line: ShapeLine) throws -> (network: Network, batch: Int, precision: Precision) {
        let fields = try line.fields(kinds: allCases.map(\.rawValue), required: ["batch"], optional: ["dtype"])
        return (Network(rawValue: fields.kind) ?? .mlp, try fields.size("batch"), try fields.precision())
    }

    /// The shape of one example.
    var inputShape: [Int] {
        switch self {
        case .mlp: [784]
        case .lenet5: [1, 28, 28]
        case .airbench, .resnet18: [3, 32, 32]
        }
    }

    static let classes = 10

    /// The network with weights drawn from a fixed seed.
    func makeModel() -> Sequential {
        let model =
            switch self {
            case .mlp: Self.perceptron
            case .lenet5: Self.lenet
            case .airbench: Self.speedrun
            case .resnet18: Self.residualNetwork
            }
        model.initialize(seed: 1)
        return model
    }

    /// Examples of random numbers.
    func examples(_ batch: Int, seed: UInt64) -> Tensor { .normal([batch] + inputShape, seed: seed) }

    static func labels(_ batch: Int, seed: UInt64) -> [Int32] {
        (0..<batch).map { Int32((UInt64($0) &* 7 &+ seed) % UInt64(classes)) }
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

    /// He et al. 2016 with the usual stem for images of 32 x 32.
    private static var residualNetwork: Sequential {
        Sequential {
            Conv2d(3, 64, kernelSize: 3, padding: 1, bias: false)
            BatchNorm2d(64)
            ReLU()
            residualBlock(64, 64)
            residualBlock(64, 64)
            residualBlock(64, 128)
            residualBlock(128, 128)
            residualBlock(128, 256)
            residualBlock(256, 256)
            residualBlock(256, 512)
            residualBlock(512, 512)
            GlobalAvgPool2d()
            Flatten()
            Linear(512, classes)
        }
    }

    /// Halves the image where it widens.
    private static func residualBlock(_ inChannels: Int, _ outChannels: Int) -> [any Layer] {
        let stride = inChannels == outChannels ? 1 : 2
        let shortcut: Sequential? =
            stride == 1
            ? nil
            : Sequential {
                Conv2d(inChannels, outChannels, kernelSize: 1, stride: SpatialSize(stride), bias: false)
                BatchNorm2d(outChannels)
            }
        return [
            Residual(shortcut: shortcut) {
                Conv2d(
                    inChannels, outChannels, kernelSize: 3, stride: SpatialSize(stride), padding: 1, bias: false
                )
                BatchNorm2d(outChannels)
                ReLU()
                Conv2d(outChannels, outChannels, kernelSize: 3, padding: 1, bias: false)
                BatchNorm2d(outChannels)
            }, ReLU(),
        ]
    }
}
