import ArgumentParser
import SwiftNN

/// The parts of a data set of images, normalised by the mean and the deviation of the training pixels.
struct ImageParts {
    private(set) var train: ImageDataset
    /// What the model is scored on after every epoch: held-out training samples or the test set.
    private(set) var validation: ImageDataset
    private(set) var test: ImageDataset
    let validationName: String

    /// - Parameter holdingOut: training samples for validation, drawn at random but always the same; 0 validates on the
    ///   test set.
    /// - Throws: `ValidationError` where no sample would be left to train on.
    init(_ data: (train: ImageDataset, test: ImageDataset), holdingOut: Int) throws {
        guard holdingOut < data.train.count else {
            throw ValidationError(
                "--hold-out must be below the \(data.train.count) training samples, not \(holdingOut)")
        }
        (train, test) = data
        validationName = holdingOut > 0 ? "validation" : "test"
        validation = test
        if holdingOut > 0 { (train, validation) = train.split(holdingOut: holdingOut, seed: 0) }
        train.normalization = train.channelStatistics()
        validation.normalization = train.normalization
        test.normalization = train.normalization
    }

    /// Lets the training images change at random.
    mutating func augment(_ augmentation: ImageAugmentation) { train.augmentation = augmentation }

    /// The numbers of an image.
    var inputs: Int { train.shape.reduce(1, *) }
    var classes: Int { train.classNames.count }

    /// Fashion-MNIST, or what else the files of its names in a directory hold.
    static func read(_ options: TrainingOptions, holdingOut: Int) throws -> ImageParts {
        let directory = try DatasetSource.fashionMNIST.locate(in: options.data)
        return try ImageParts(ImageDataset.idx(in: directory), holdingOut: options.holdOut ?? holdingOut)
    }
}
