import ArgumentParser
import SwiftNN

/// CIFAR-10 for a classifier. The data set comes in a binary version and in one of pickled NumPy arrays; both give the
/// same tensors:
///
///     images  [N, 3, 32, 32], normalised by the mean and deviation of each channel of the training set
///     labels  [N], and as [N, 10] with a one at the class
///
/// Of the training set a validation set is held out. Batches of 16 then train a small network by the cross-entropy
/// −Σ q log softmax(x) of those one-hot rows q, whose mean must fall.
struct CIFAR10Loading: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cifar10-loading",
        abstract: "CIFAR-10 from either version, split, one-hot and in batches; a small network's loss falls.",
        discussion: "--data names a folder with either version of CIFAR-10. --out gets network.pt, for PyTorch.")

    @OptionGroup var options: TrainingOptions

    @Option(help: ArgumentHelp("Where the data set is once more, to compare two versions.", valueName: "dir"))
    var compare: String?

    static let batchSize = 16

    func run() throws {
        let out = try options.outputDirectory()
        let parts = try read(options.data)
        for (name, part) in [("training", parts.train), (parts.validationName, parts.validation), ("test", parts.test)]
        {
            print(name, [part.count] + part.shape)
        }
        print("classes", parts.train.classNames.joined(separator: ", "))
        if let compare {
            print(try Self.areEqual(parts, read(compare)) ? "the versions are equal" : "the versions differ")
        }

        let first = try parts.train.batch(0..<min(Self.batchSize, parts.train.count))
        print("a batch \(first.input.shape), labels \(first.labels)")
        print("one-hot \(Self.oneHot(first).shape), the first row \(Self.oneHot(first)[rows: 0..<1].scalars)")

        let network = Self.makeNetwork()
        network.initialize(seed: options.seed)
        let losses = try Self.train(network, on: parts.train, epochs: options.epochs ?? 2, seed: options.seed)
        for (epoch, loss) in losses.enumerated() {
            print("epoch \(epoch + 1)   mean loss \(NumberText.fixed(loss, digits: 4))")
        }
        if let out { try network.save(to: out["network.pt"]) }
    }

    private func read(_ directory: String?) throws -> ImageParts {
        try ImageParts(ImageDataset.cifar10(in: directory), holdingOut: options.holdOut ?? 5000)
    }

    /// Whether all images, as tensors, and all labels are the same.
    static func areEqual(_ a: ImageParts, _ b: ImageParts) throws -> Bool {
        try areEqual(a.train, b.train) && areEqual(a.validation, b.validation) && areEqual(a.test, b.test)
    }

    private static func areEqual(_ a: ImageDataset, _ b: ImageDataset) throws -> Bool {
        guard a.count == b.count, a.classNames == b.classNames else { return false }
        let (batches, others) = (BatchLoader(a, batchSize: 500), BatchLoader(b, batchSize: 500))
        batches.start(epoch: 0)
        others.start(epoch: 0)
        while let batch = try batches.next(), let other = try others.next() {
            guard batch.input == other.input, batch.labels == other.labels else { return false }
        }
        return true
    }

    /// [N, 10]
    static func oneHot(_ batch: Batch) -> Tensor { Tensor.oneHot(batch.labels, classes: 10) }

    static func makeNetwork() -> Sequential {
        Sequential {
            Conv2d(3, 16, kernelSize: 3, stride: 2)
            ReLU()
            Conv2d(16, 32, kernelSize: 3, stride: 2)
            ReLU()
            Flatten()
            Linear(32 * 7 * 7, 10)
        }
    }

    /// Trains by Adam; a last batch that is not full is left out.
    ///
    /// - Returns: the mean loss of each epoch.
    /// - Throws: `ValidationError` where the images do not fill a batch.
    static func train(_ network: Sequential, on data: ImageDataset, epochs: Int, seed: UInt64) throws -> [Double] {
        guard data.count >= batchSize else {
            throw ValidationError("\(data.count) training images do not fill a batch of \(batchSize)")
        }
        let batches = BatchLoader(data, batchSize: batchSize, shuffle: seed, dropLast: true)
        let plan = try Plan(
            network, inputShape: [batchSize] + data.shape, mode: .training,
            loss: CrossEntropyLoss(targets: .probabilities))
        let optimizer = Optimizer(Adam(lr: 0.001), network.parameters)
        return try (0..<epochs).map { epoch in
            var sum = 0.0
            batches.start(epoch: epoch)
            while let batch = try batches.next() {
                optimizer.clearGradients()
                sum += try plan.forward(batch.input, targets: oneHot(batch))
                plan.backward()
                optimizer.step()
            }
            return sum / Double(batches.batchCount)
        }
    }
}
