import Foundation
import SwiftNN
import TestSupport
import Testing

@testable import coursework

@Suite struct CIFAR10NetworkTests {
    /// Three classes of noisy colours.
    private static func colours(_ count: Int, seed: UInt64) -> ImageDataset {
        var random = RandomStream(seed: seed)
        let labels = (0..<count).map { Int32($0 % 3) }
        let pixels = labels.flatMap { label in
            (0..<32 * 32 * 3).map { UInt8(($0 % 3 == Int(label) ? 120 : 60) + random.below(40)) }
        }
        return ImageDataset(
            pixels: pixels, shape: [3, 32, 32], labels: labels, classNames: (0..<10).map { "class \($0)" })
    }

    private static func parts() throws -> ImageParts {
        var parts = try ImageParts((colours(256, seed: 1), colours(60, seed: 2)), holdingOut: 0)
        parts.augment(CIFAR10Network.augmentation)
        return parts
    }

    @Test func learnsAndReports() throws {
        let parts = try Self.parts()
        let model = CIFAR10Network.makeModel()
        model.initialize(seed: 1)
        let history = try CIFAR10Network.train(model, on: parts, epochs: 4, seed: 1)
        // In eight steps the loss, which smoothed labels hold up, need not fall.
        #expect(history[0].trainAccuracy < 0.7)
        #expect(history[3].trainAccuracy > 0.9)
        let report = try CIFAR10Network.report(of: model, history, parts).html()
        for part in ["Conv2d(3, 48", "SGD(lr: 0.1", "translation 3 px", "test accuracy", "<svg"] {
            #expect(report.contains(part), "\(part)")
        }
    }

    /// PyTorch loads the file into the same network, which then computes the same.
    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON")) func opensInPyTorch() throws {
        let folder = try TemporaryFolder()
        let parts = try Self.parts()
        let model = CIFAR10Network.makeModel()
        model.initialize(seed: 3)
        _ = try CIFAR10Network.train(model, on: parts, epochs: 1, seed: 1)
        let input = try parts.test.batch(0..<4).input
        try model.save(to: folder["model.pt"])
        try Safetensors.write([NamedTensor("x", input), NamedTensor("y", model(input))], to: folder["io.safetensors"])
        try Environment.runPython(
            """
            import sys, torch
            from safetensors.torch import load_file
            from torch import nn
            def block(i, o):
                return nn.Conv2d(i, o, 3, padding="same", bias=False), nn.BatchNorm2d(o), nn.ReLU()
            model = nn.Sequential(
                *block(3, 48), nn.MaxPool2d(2), *block(48, 96), *block(96, 96), nn.MaxPool2d(2), *block(96, 192),
                *block(192, 192), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(192, 10)).eval()
            model.load_state_dict(torch.load(sys.argv[1], weights_only=True))
            io = load_file(sys.argv[2])
            difference = (model(io["x"]) - io["y"]).abs().max() / io["y"].abs().max()
            assert difference < 1e-5, difference
            """, folder["model.pt"], folder["io.safetensors"])
    }
}
