import ReferenceKernels
import SwiftNN
import Testing

/// A layer, a shape of input, and the same layer by its definition in Double.
struct GradientCase: Sendable, CustomTestStringConvertible {
    let name: String
    let shape: [Int]
    let reference: ReferenceLayer
    let make: @Sendable () -> any StandaloneLayer

    init(
        _ name: String, _ shape: [Int], _ reference: ReferenceLayer,
        _ make: @escaping @autoclosure @Sendable () -> any StandaloneLayer
    ) {
        (self.name, self.shape, self.reference, self.make) = (name, shape, reference, make)
    }

    var testDescription: String { "\(name) on \(shape)" }

    static let all = linear + convolutions + pools + norms + activations + compositions

    private static let linear =
        [(1, 1, 1), (2, 3, 1), (5, 7, 3), (1, 17, 33), (9, 33, 7), (6, 8, 16)].map {
            (rows, inFeatures, outFeatures) in
            GradientCase(
                "Linear", [rows, inFeatures], .linear(inFeatures, outFeatures), Linear(inFeatures, outFeatures))
        } + [GradientCase("Linear", [2, 3, 5], .linear(5, 4, bias: false), Linear(5, 4, bias: false))]

    // MARK: Convolutions

    private static let convolutions =
        channels.map { conv(batch: 2, $0.0, $0.1, size: [3, 4], kernel: [2, 3]) } + [
            conv(batch: 1, 1, 1, size: [1, 1], kernel: [1, 1]),
            conv(batch: 2, 3, 2, size: [7, 8], kernel: [2, 2], stride: [3, 5]),
            conv(batch: 2, 2, 3, size: [5, 6], kernel: [3, 3], padding: [1, 1, 1, 1]),
            conv(batch: 1, 2, 3, size: [5, 6], kernel: [3, 2], stride: [2, 1], padding: [2, 0, 0, 3]),
            conv(batch: 1, 2, 3, size: [7, 9], kernel: [3, 3], dilation: [2, 3], padding: [0, 1, 2, 0]),
            conv(batch: 2, 6, 4, size: [4, 4], kernel: [3, 3], padding: [1, 1, 1, 1], groups: 2),
            conv(batch: 2, 7, 7, size: [4, 5], kernel: [3, 3], padding: [1, 1, 1, 1], groups: 7),
            conv(batch: 1, 3, 9, size: [5, 5], kernel: [3, 3], stride: [2, 2], groups: 3),
            conv(batch: 2, 3, 4, size: [1, 11], kernel: [1, 3], stride: [1, 2]),
            conv(batch: 1, 17, 3, size: [1, 5], kernel: [1, 4], padding: [0, 0, 1, 2]),
        ]

    /// In and out channels below, at and above vector widths.
    private static let channels = [(1, 3), (3, 7), (7, 1), (17, 3), (3, 17), (33, 2), (2, 33), (8, 8)]

    /// Of images, or of sequences where the height is 1. Padding is top, bottom, left, right.
    private static func conv(
        batch: Int, _ inChannels: Int, _ outChannels: Int, size: [Int], kernel: [Int], stride: [Int] = [1, 1],
        dilation: [Int] = [1, 1], padding: [Int] = [0, 0, 0, 0], groups: Int = 1
    ) -> GradientCase {
        func axis(_ i: Int) -> ReferenceConv.Axis {
            .init(
                size: size[i], kernel: kernel[i], stride: stride[i], dilation: dilation[i], padBefore: padding[2 * i],
                padAfter: padding[2 * i + 1])
        }
        let reference = ReferenceLayer.conv(
            ReferenceConv(
                batch: batch, inChannels: inChannels, outChannels: outChannels, groups: groups, height: axis(0),
                width: axis(1)))
        if size[0] == 1 {
            return GradientCase(
                "Conv1d to \(outChannels)", [batch, inChannels, size[1]], reference,
                Conv1d(
                    inChannels, outChannels, kernelSize: kernel[1], stride: stride[1],
                    padding: .explicit(before: padding[2], after: padding[3]), dilation: dilation[1], groups: groups))
        }
        return GradientCase(
            "Conv2d to \(outChannels) by \(kernel)", [batch, inChannels] + size, reference,
            Conv2d(
                inChannels, outChannels, kernelSize: .init(kernel[0], kernel[1]), stride: .init(stride[0], stride[1]),
                padding: .init(top: padding[0], bottom: padding[1], left: padding[2], right: padding[3]),
                dilation: .init(dilation[0], dilation[1]), groups: groups))
    }

    // MARK: Pools

    private static let pools =
        [1, 3, 7, 17, 33].flatMap { channels in
            pool([2, channels, 5, 4], kernel: 2, stride: 2)
        } + pool([1, 3, 5, 7], kernel: 3, stride: 2, padding: 1) + pool([1, 2, 6, 7], kernel: 2, stride: 3)
        + pool([2, 2, 6, 5], kernel: 3, stride: 2, padding: 1, ceilMode: true)
        + pool([2, 2, 6, 5], kernel: 3, stride: 1, padding: 1, countIncludePad: false)
        + [
            GradientCase(
                "GlobalAvgPool2d", [2, 7, 3, 5],
                .averagePool(reference([2, 7, 3, 5], [3, 5], stride: 1, padding: 0, false, true)), GlobalAvgPool2d()),
            GradientCase(
                "GlobalMaxPool2d", [2, 7, 3, 5],
                .maxPool(reference([2, 7, 3, 5], [3, 5], stride: 1, padding: 0, false, true)), GlobalMaxPool2d()),
        ]

    /// Max and average.
    private static func pool(
        _ shape: [Int], kernel: Int, stride: Int, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) -> [GradientCase] {
        let reference = reference(shape, [kernel, kernel], stride: stride, padding: padding, ceilMode, countIncludePad)
        return [
            GradientCase(
                "MaxPool2d", shape, .maxPool(reference),
                MaxPool2d(
                    .init(kernel), stride: .init(stride), padding: .init(padding, padding), ceilMode: ceilMode)),
            GradientCase(
                "AvgPool2d", shape, .averagePool(reference),
                AvgPool2d(
                    .init(kernel), stride: .init(stride), padding: .init(padding, padding), ceilMode: ceilMode,
                    countIncludePad: countIncludePad)),
        ]
    }

    private static func reference(
        _ shape: [Int], _ kernel: [Int], stride: Int, padding: Int, _ ceilMode: Bool, _ countIncludePad: Bool
    ) -> ReferencePool {
        func axis(_ i: Int) -> ReferencePoolAxis {
            .init(
                size: shape[2 + i], kernel: kernel[i], stride: stride, dilation: 1, padBefore: padding,
                padAfter: padding, ceilMode: ceilMode)
        }
        return ReferencePool(
            batch: shape[0], channels: shape[1], vertical: axis(0), horizontal: axis(1),
            countIncludePad: countIncludePad)
    }

    // MARK: The others

    private static let norms =
        [1, 3, 7, 17, 33].flatMap { channels in
            [
                GradientCase(
                    "BatchNorm1d", [5, channels], .batchNorm(batch: 5, channels: channels, epsilon: 1e-5),
                    BatchNorm1d(channels)),
                GradientCase(
                    "BatchNorm2d", [2, channels, 3, 2], .batchNorm(batch: 2, channels: channels, epsilon: 1e-3),
                    BatchNorm2d(channels, epsilon: 1e-3)),
                GradientCase(
                    "LayerNorm", [3, channels + 1], .layerNorm(channels + 1, epsilon: 1e-3),
                    LayerNorm(channels + 1, epsilon: 1e-3)),
            ]
        } + [
            GradientCase("LayerNorm", [2, 3, 2, 5], .layerNorm(10, epsilon: 1e-5), LayerNorm([2, 5])),
            GradientCase("LayerNorm", [2, 3, 4], .layerNorm(12, epsilon: 1e-5), LayerNorm([3, 4])),
        ]

    private static let activations = [[1, 1], [3, 11], [2, 3, 2, 4]].flatMap { (shape: [Int]) in
        [
            GradientCase("Identity", shape, .activation(.identity), Identity()),
            GradientCase("BinaryStep", shape, .activation(.binaryStep), BinaryStep()),
            GradientCase("Sigmoid", shape, .activation(.sigmoid), Sigmoid()),
            GradientCase("Tanh", shape, .activation(.tanh), Tanh()),
            GradientCase("Arctan", shape, .activation(.arctan), Arctan()),
            GradientCase("ReLU", shape, .activation(.relu), ReLU()),
            GradientCase("LeakyReLU", shape, .activation(.leakyReLU, 0.1), LeakyReLU(slope: 0.1)),
            GradientCase("ELU", shape, .activation(.elu, 1.5), ELU(alpha: 1.5)),
            GradientCase("GELU", shape, .activation(.gelu), GELU()),
            GradientCase("GELU sigmoid", shape, .activation(.geluSigmoid), GELU(approximation: .sigmoid)),
            GradientCase("GELU tanh", shape, .activation(.geluTanh), GELU(approximation: .tanh)),
            GradientCase("SiLU", shape, .activation(.silu), SiLU()),
            GradientCase("Softplus", shape, .activation(.softplus), Softplus()),
            GradientCase(
                "PReLU", shape, .prelu(batch: shape[0], channels: shape[1]), PReLU(channels: shape[1])),
            GradientCase("PReLU shared", shape, .prelu(batch: shape.reduce(1, *), channels: 1), PReLU()),
            GradientCase("Multiply", shape, ReferenceLayer { x in x.map { $0 / 4 } }, Multiply(by: 0.25)),
            GradientCase("Softmax", shape, .softmax(shape.last ?? 1), Softmax()),
            GradientCase("LogSoftmax", shape, .logSoftmax(shape.last ?? 1), LogSoftmax()),
            GradientCase("Flatten", shape, ReferenceLayer { $0 }, Flatten()),
            GradientCase("Dropout", shape, ReferenceLayer { $0 }, Dropout(0)),
        ]
    }

    private static let compositions = [
        GradientCase(
            "Conv2d, Tanh, Flatten, Linear", [2, 3, 4, 4],
            .sequence([
                conv(batch: 2, 3, 5, size: [4, 4], kernel: [3, 3]).reference, .activation(.tanh), .linear(20, 3),
            ]),
            Sequential {
                Conv2d(3, 5, kernelSize: 3)
                Tanh()
                Flatten()
                Linear(20, 3)
            }),
        GradientCase(
            "Linear, BatchNorm1d, ELU, Linear", [5, 6],
            .sequence([
                .linear(6, 7), .batchNorm(batch: 5, channels: 7, epsilon: 1e-5), .activation(.elu, 1), .linear(7, 3),
            ]),
            Sequential {
                Linear(6, 7)
                BatchNorm1d(7)
                ELU()
                Linear(7, 3)
            }),
        GradientCase(
            "Residual of residuals", [3, 5],
            .residual(
                .sequence([
                    .residual(.sequence([.linear(5, 5), .activation(.sigmoid)]), shortcut: .linear(5, 5)),
                    .residual(.residual(.linear(5, 5))), .activation(.tanh),
                ])),
            Residual {
                Residual(shortcut: Linear(5, 5)) {
                    Linear(5, 5)
                    Sigmoid()
                }
                Residual {
                    Residual { Linear(5, 5) }
                }
                Tanh()
            }),
        GradientCase("Residual of nothing", [3, 5], .residual(.activation(.identity)), Residual {}),
        GradientCase(
            "Residual of a residual of nothing", [3, 5], .residual(.residual(.activation(.identity))),
            Residual { Residual { Dropout(0) } }),
        GradientCase(
            "Residual beside a residual of nothing", [3, 5],
            .residual(.linear(5, 5), shortcut: .residual(.activation(.identity))),
            Residual(shortcut: Residual {}) { Linear(5, 5) }),
        GradientCase(
            "Residual of nothing beside a linear layer", [3, 5],
            .residual(.activation(.identity), shortcut: .linear(5, 5)),
            Residual(shortcut: Linear(5, 5)) {}),
        GradientCase(
            "Residual that starts with an activation", [2, 4],
            .sequence([
                .linear(4, 4), .residual(.sequence([.activation(.sigmoid), .linear(4, 4)])), .activation(.tanh),
            ]),
            Sequential {
                Linear(4, 4)
                Residual {
                    Sigmoid()
                    Linear(4, 4)
                }
                Tanh()
            }),
    ]
}
