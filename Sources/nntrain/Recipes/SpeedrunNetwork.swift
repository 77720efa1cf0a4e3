import SwiftNN

extension Sequential {
    /// A network that learns CIFAR-10 in few epochs, after Jordan's cifar10-airbench (2024): a frozen whitening layer and
    /// three groups of two convolutions, started as identities. With `depth` 3 each group has a third one, and the last two
    /// stand beside a shortcut, as in airbench96.
    ///
    /// Differs from it in that images keep their size of 32, 16, 8 and 4, which the convolutions' tiles of 4 x 4 fit,
    /// and the whitening layer has no bias, so that no gradient is computed before the first group.
    static func speedrun(widths: [Int], depth: Int = 2, classes: Int = 10) -> Sequential {
        let whitening = Conv2d(3, whiteningFilters, kernelSize: 2, padding: .same, bias: false)
        whitening.weight.requiresGradient = false
        var layers: [any Layer] = [whitening, GELU()]
        var channels = whiteningFilters
        for width in widths {
            layers += group(channels, width, depth: depth)
            channels = width
        }
        layers += [GlobalMaxPool2d(), Flatten(), Linear(channels, classes, bias: false), Multiply(by: 1 / 9)]
        return Sequential(layers)
    }

    /// Lets the first layer whiten patches of the images.
    static func whitenFirstLayer(of model: Sequential, with images: ImageDataset) throws {
        guard let first = model.layers.first as? Conv2d else { return }
        var images = images
        images.augmentation = nil
        try first.whiten(images)
    }

    private static let whiteningFilters = 24

    private static func group(_ inChannels: Int, _ outChannels: Int, depth: Int) -> [any Layer] {
        let start: [any Layer] = [convolution(inChannels, outChannels), MaxPool2d(2), norm(outChannels), GELU()]
        let second: [any Layer] = [convolution(outChannels, outChannels), norm(outChannels)]
        guard depth == 3 else { return start + second + [GELU()] }
        let rest = Residual {
            second
            GELU()
            convolution(outChannels, outChannels)
            norm(outChannels)
        }
        return start + [rest, GELU()]
    }

    private static func convolution(_ inChannels: Int, _ outChannels: Int) -> Conv2d {
        Conv2d(
            inChannels, outChannels, kernelSize: 3, padding: .same, bias: false,
            initializer: .dirac(rest: .pytorchDefault))
    }

    /// Without a learned scale.
    private static func norm(_ channels: Int) -> BatchNorm2d {
        let norm = BatchNorm2d(channels, epsilon: 1e-12, momentum: 0.4)
        norm.weight?.requiresGradient = false
        return norm
    }
}

extension [ParameterGroup] {
    /// The convolutions learn by Muon and all others by `rule`, of which the biases of norms learn faster than the weights and
    /// decay as fast (SGD's decay is per learning rate).
    static func speedrun(
        _ model: Sequential, _ rule: any UpdateRule, convolutions: Muon, biasFactor: Float
    ) -> [ParameterGroup] {
        let learned = model.namedParameters.filter(\.parameter.requiresGradient)
        let biases = learned.filter { $0.name.hasSuffix("bias") }
        let weights = learned.filter { !$0.name.hasSuffix("bias") }
        let isConvolution = { (named: NamedParameter) in named.parameter.shape.count == 4 }
        return [
            ParameterGroup(weights.filter(isConvolution).map(\.parameter), convolutions),
            ParameterGroup(weights.filter { !isConvolution($0) }.map(\.parameter), rule),
            ParameterGroup(biases.map(\.parameter), faster(rule, by: biasFactor)),
        ]
    }

    private static func faster(_ rule: any UpdateRule, by factor: Float) -> any UpdateRule {
        var faster = rule
        faster.lr *= factor
        guard var sgd = faster as? SGD else { return faster }
        sgd.weightDecay /= factor
        return sgd
    }
}
