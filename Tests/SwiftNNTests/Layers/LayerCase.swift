import SwiftNN
import Testing

/// A layer under the name that PyTorch's numbers for it have in the fixture.
struct LayerCase: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable () -> any StandaloneLayer

    init(_ name: String, _ make: @escaping @autoclosure @Sendable () -> any StandaloneLayer) {
        (self.name, self.make) = (name, make)
    }

    var testDescription: String { name }

    static let all = linear + convolutions + pools + norms + activations + compositions

    private static let linear = [
        LayerCase("linear", Linear(7, 5)),
        LayerCase("linear-no-bias", Linear(7, 5, bias: false)),
        LayerCase("linear-1x1", Linear(1, 1)),
        LayerCase("linear-wide", Linear(33, 17)),
        LayerCase("linear-sequence", Linear(7, 5)),
    ]

    private static let convolutions = [
        LayerCase("conv1d-exercise", Conv1d(8, 12, kernelSize: 3, stride: 2)),
        LayerCase("conv1d", Conv1d(4, 6, kernelSize: 3)),
        LayerCase("conv1d-padding", Conv1d(4, 5, kernelSize: 4, stride: 3, padding: 2)),
        LayerCase("conv1d-same", Conv1d(4, 3, kernelSize: 4, padding: .same)),
        LayerCase("conv1d-dilated-groups", Conv1d(4, 6, kernelSize: 2, dilation: 3, groups: 2, bias: false)),
        LayerCase(
            "conv1d-asymmetric", Conv1d(4, 3, kernelSize: 3, stride: 2, padding: .explicit(before: 2, after: 0))),
        LayerCase("conv2d", Conv2d(3, 5, kernelSize: 3)),
        LayerCase("conv2d-1x1", Conv2d(3, 7, kernelSize: 1, bias: false)),
        LayerCase("conv2d-same", Conv2d(3, 4, kernelSize: .init(3, 2), padding: .same)),
        LayerCase("conv2d-stride-padding", Conv2d(3, 4, kernelSize: 3, stride: 2, padding: 1)),
        LayerCase("conv2d-stride-larger", Conv2d(3, 4, kernelSize: 2, stride: 3)),
        LayerCase(
            "conv2d-rectangle",
            Conv2d(
                3, 4, kernelSize: .init(2, 3), stride: .init(1, 2), padding: .init(1, 0), dilation: .init(2, 1))),
        LayerCase(
            "conv2d-asymmetric", Conv2d(3, 4, kernelSize: 3, padding: .init(top: 1, bottom: 0, left: 0, right: 2))),
        LayerCase("conv2d-groups", Conv2d(4, 6, kernelSize: 3, padding: 1, groups: 2)),
        LayerCase("conv2d-depthwise", Conv2d(5, 5, kernelSize: 3, padding: 1, groups: 5)),
        LayerCase("conv2d-multiplier", Conv2d(3, 6, kernelSize: 3, stride: 2, padding: 1, groups: 3)),
        LayerCase("conv2d-17-channels", Conv2d(17, 9, kernelSize: 2)),
        LayerCase("conv2d-one-pixel", Conv2d(1, 1, kernelSize: 1)),
    ]

    private static let pools = [
        LayerCase("maxpool1d", MaxPool1d(3, stride: 2, padding: 1)),
        LayerCase("maxpool1d-dilated", MaxPool1d(2, stride: 1, dilation: 3)),
        LayerCase("avgpool1d", AvgPool1d(3, stride: 2, padding: 1)),
        LayerCase("avgpool1d-exclude", AvgPool1d(4, stride: 2, padding: 2, ceilMode: true, countIncludePad: false)),
        LayerCase("maxpool2d", MaxPool2d(2)),
        LayerCase("maxpool2d-overlap", MaxPool2d(3, stride: 2, padding: 1)),
        LayerCase("maxpool2d-ceil", MaxPool2d(3, stride: 2, ceilMode: true)),
        LayerCase(
            "maxpool2d-rectangle",
            MaxPool2d(.init(2, 3), stride: .init(3, 1), padding: .init(1, 0), dilation: .init(1, 2))),
        LayerCase("avgpool2d", AvgPool2d(2)),
        LayerCase("avgpool2d-padding", AvgPool2d(3, stride: 2, padding: 1)),
        LayerCase("avgpool2d-exclude", AvgPool2d(3, stride: 2, padding: 1, countIncludePad: false)),
        LayerCase("avgpool2d-ceil", AvgPool2d(.init(2, 3), stride: 2, padding: .init(1, 1), ceilMode: true)),
        LayerCase("global-max", GlobalMaxPool2d()),
        LayerCase("global-average", GlobalAvgPool2d()),
    ]

    private static let norms = [
        LayerCase("batchnorm1d", BatchNorm1d(7)),
        LayerCase("batchnorm1d-sequence", BatchNorm1d(4, epsilon: 1e-3, momentum: 0.3)),
        LayerCase("batchnorm2d", BatchNorm2d(3)),
        LayerCase("batchnorm2d-plain", BatchNorm2d(3, affine: false)),
        LayerCase("batchnorm2d-one-image", BatchNorm2d(17)),
        LayerCase("layernorm", LayerNorm(7)),
        LayerCase("layernorm-plain", LayerNorm(7, epsilon: 1e-3, affine: false)),
        LayerCase("layernorm-image", LayerNorm([3, 7, 6])),
        LayerCase("layernorm-sequence", LayerNorm(9)),
    ]

    private static let activations = [
        LayerCase("identity", Identity()),
        LayerCase("binary-step", BinaryStep()),
        LayerCase("sigmoid", Sigmoid()),
        LayerCase("tanh", Tanh()),
        LayerCase("arctan", Arctan()),
        LayerCase("relu", ReLU()),
        LayerCase("leaky-relu", LeakyReLU(slope: 0.02)),
        LayerCase("leaky-relu-negative", LeakyReLU(slope: -0.5)),
        LayerCase("elu", ELU(alpha: 0.7)),
        LayerCase("gelu", GELU()),
        LayerCase("gelu-sigmoid", GELU(approximation: .sigmoid)),
        LayerCase("gelu-tanh", GELU(approximation: .tanh)),
        LayerCase("silu", SiLU()),
        LayerCase("softplus", Softplus()),
        LayerCase("prelu", PReLU()),
        LayerCase("prelu-channels", PReLU(channels: 3)),
        LayerCase("prelu-features", PReLU(channels: 13)),
        LayerCase("softmax", Softmax()),
        LayerCase("softmax-sequence", Softmax()),
        LayerCase("log-softmax", LogSoftmax()),
    ]

    private static let compositions = [
        LayerCase("flatten", Flatten()),
        LayerCase("dropout-0", Dropout(0)),
        LayerCase(
            "conv-flatten-linear",
            Sequential {
                Conv2d(3, 4, kernelSize: 3)
                Flatten()
                Linear(80, 5)
            }),
        LayerCase(
            "conv1d-relu-flatten-linear",
            Sequential {
                Conv1d(4, 6, kernelSize: 3)
                ReLU()
                Flatten()
                Linear(42, 3)
            }),
        LayerCase(
            "residual",
            Residual {
                Conv2d(3, 3, kernelSize: 3, padding: 1, bias: false)
                BatchNorm2d(3)
                ReLU()
                Conv2d(3, 3, kernelSize: 3, padding: 1)
            }),
        LayerCase(
            "residual-shortcut",
            Sequential {
                Conv2d(3, 4, kernelSize: 1)
                Residual(shortcut: Conv2d(4, 6, kernelSize: 1, stride: 2)) {
                    Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1)
                    ReLU()
                }
                ReLU()
            }),
        LayerCase(
            "residual-nested",
            Residual {
                Linear(7, 7)
                Residual {
                    Tanh()
                    Linear(7, 7)
                }
                Sigmoid()
            }),
        LayerCase(
            "residual-flatten",
            Residual(
                shortcut: Sequential {
                    Flatten()
                    Linear(36, 14)
                }
            ) {
                Conv1d(4, 2, kernelSize: 3)
                Flatten()
            }),
    ]
}
