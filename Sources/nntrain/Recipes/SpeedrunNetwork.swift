import SwiftNN

extension Sequential {
    /// A network that learns CIFAR-10 in few epochs, after Jordan's cifar10-airbench (2024): a frozen whitening layer and
    /// three groups of two convolutions, started as identities.
    ///
    /// Differs from it in that images keep their size of 32, 16, 8 and 4, which the convolutions' tiles of 4 x 4 fit,
    /// and the whitening layer has no bias, so that no gradient is computed before the first group.
    static func speedrun(widths: [Int], classes: Int = 10) -> Sequential {
        let whitening = Conv2d(3, whiteningFilters, kernelSize: 2, padding: .same, bias: false)
        whitening.weight.requiresGradient = false
        var layers: [any Layer] = [whitening, GELU()]
        var channels = whiteningFilters
        for width in widths {
            layers += group(channels, width)
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

    private static func group(_ inChannels: Int, _ outChannels: Int) -> [any Layer] {
        [
            convolution(inChannels, outChannels), MaxPool2d(2), norm(outChannels), GELU(),
            convolution(outChannels, outChannels), norm(outChannels), GELU(),
        ]
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
    /// The biases of norms learn faster than the weights and decay as fast (SGD's decay is per learning rate).
    static func withFastBiases(_ model: Sequential, _ rule: any UpdateRule, factor: Float) -> [ParameterGroup] {
        var biasRule = rule
        biasRule.lr *= factor
        if var sgd = biasRule as? SGD {
            sgd.weightDecay /= factor
            biasRule = sgd
        }
        let learned = model.namedParameters.filter(\.parameter.requiresGradient)
        func parameters(_ isBias: Bool) -> [Parameter] {
            learned.filter { $0.name.hasSuffix("bias") == isBias }.map(\.parameter)
        }
        return [ParameterGroup(parameters(false), rule), ParameterGroup(parameters(true), biasRule)]
    }
}
