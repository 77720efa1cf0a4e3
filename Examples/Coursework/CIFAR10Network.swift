import ArgumentParser
import SwiftNN

/// A plain convolutional network for CIFAR-10 that passes 90 %: blocks of convolution, batch norm and ReLU, trained by SGD
/// with momentum on images that are moved and mirrored at random.
///
///     48 – pool – 96 – 96 – pool – 192 – 192 – global pool – 10,   3 × 3 convolutions, max pooling
///     loss: cross-entropy with label smoothing of 0.1
///     g = ∇ + 0.0005·w,   v ← 0.9·v + g,   w ← w − η·(g + 0.9·v) (Nesterov),   η rising to 0.1 and falling to 0
///
/// `nntrain cifar10 --recipe course` is the same training; its header has the evidence.
struct CIFAR10Network: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cifar10-cnn",
        abstract: "A convolutional network that passes 90 % on CIFAR-10.",
        discussion: """
            --data names a folder with CIFAR-10, binary or Python version. --out gets model.pt for PyTorch's torch.load, \
            and report.html with the structure, the hyper-parameters, the curves and the accuracy.
            """)

    @OptionGroup var options: TrainingOptions

    static let batchSize = 128
    static let rule = SGD(lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4)
    static let loss = CrossEntropyLoss(labelSmoothing: 0.1)
    static let schedule = OneCycleSchedule(rise: 0.25)
    static let augmentation = ImageAugmentation(flip: .random, translation: 3)

    func run() throws {
        let out = try options.outputDirectory()
        var parts = try ImageParts(ImageDataset.cifar10(in: options.data), holdingOut: options.holdOut ?? 0)
        parts.augment(Self.augmentation)
        let model = Self.makeModel()
        model.initialize(seed: options.seed)
        let history = try Self.train(model, on: parts, epochs: options.epochs ?? 12, seed: options.seed)
        let accuracy = history.last?.validation?.accuracy ?? 0
        print("final \(parts.validationName) accuracy \(NumberText.percent(accuracy))")
        guard let out else { return }
        try model.save(to: out["model.pt"])
        try AtomicFile.write(try Self.report(of: model, history, parts).html(), to: out["report.html"])
        print("wrote \(out["model.pt"]) and \(out["report.html"])")
    }

    static func makeModel() -> Sequential {
        Sequential {
            block(3, 48)
            MaxPool2d(2)
            block(48, 96)
            block(96, 96)
            MaxPool2d(2)
            block(96, 192)
            block(192, 192)
            GlobalMaxPool2d()
            Flatten()
            Linear(192, 10)
        }
    }

    /// The convolution needs no bias: the norm takes it away and has its own.
    private static func block(_ inChannels: Int, _ outChannels: Int) -> [any Layer] {
        [Conv2d(inChannels, outChannels, kernelSize: 3, padding: .same, bias: false), BatchNorm2d(outChannels), ReLU()]
    }

    static func train(
        _ model: Sequential, on parts: ImageParts, epochs: Int, seed: UInt64
    ) throws -> [EpochRecord] {
        let trainer = Trainer(
            model, loss: loss, optimizer: Optimizer(rule, model.parameters), schedule: schedule,
            seed: seed, callbacks: [EpochLines(validationName: parts.validationName)])
        return try trainer.fit(parts.train, epochs: epochs, batchSize: batchSize, validation: parts.validation)
    }

    static func report(
        of model: Sequential, _ history: [EpochRecord], _ parts: ImageParts
    ) throws -> TrainingReport {
        let images = parts.validation
        let probabilities = try model.probabilities(for: images)
        var report = TrainingReport(title: "CIFAR-10, a plain convolutional network")
        report.figures = [
            (
                "\(parts.validationName) accuracy", NumberText.percent(history.last?.validation?.accuracy ?? 0)
            ),
            ("parameters", NumberText.grouped(model.parameterCount)),
        ]
        report.hyperParameters = [
            ("epochs", "\(history.count)"), ("batch size", "\(batchSize)"), ("optimizer", rule.description),
            ("schedule", schedule.description), ("label smoothing", "\(loss.labelSmoothing)"),
            ("augmentation", augmentation.description),
        ]
        report.layers = try Plan(model, inputShape: [1] + images.shape).summary
        report.history = history
        report.classNames = images.classNames
        report.confusion = try ConfusionMatrix(
            labels: images.labels, predictions: probabilities.argmaxOfRows(), classCount: images.classNames.count)
        report.mistakes = Mistake.mostConfident(24, labels: images.labels, probabilities: probabilities) {
            images.picture(of: $0)
        }
        return report
    }
}
