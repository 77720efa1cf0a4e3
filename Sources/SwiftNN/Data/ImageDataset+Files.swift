extension ImageDataset {
    /// MNIST: 28 x 28 handwritten digits, 60,000 for training and 10,000 for the test.
    ///
    /// - Parameter directory: where the files are; nil looks where `DatasetSource.locate` says.
    /// - Throws: `FileError` where files are missing or damaged.
    public static func mnist(in directory: String? = nil) throws -> (train: ImageDataset, test: ImageDataset) {
        try idxPair(.mnist, classNames: (0..<10).map(String.init), in: directory)
    }

    /// Fashion-MNIST: 28 x 28 pictures of clothes, 60,000 for training and 10,000 for the test.
    ///
    /// - Parameter directory: where the files are; nil looks where `DatasetSource.locate` says.
    /// - Throws: `FileError` where files are missing or damaged.
    public static func fashionMNIST(in directory: String? = nil) throws -> (train: ImageDataset, test: ImageDataset) {
        let classNames = [
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ]
        return try idxPair(.fashionMNIST, classNames: classNames, in: directory)
    }

    /// CIFAR-10: 32 x 32 colour pictures of ten classes, 50,000 for training and 10,000 for the test; its binary and its
    /// Python version give the same.
    ///
    /// - Parameter directory: where the files are; nil looks where `DatasetSource.locate` says.
    /// - Throws: `FileError` where files are missing or damaged.
    public static func cifar10(in directory: String? = nil) throws -> (train: ImageDataset, test: ImageDataset) {
        let directory = try DatasetSource.cifar10.locate(in: directory)
        let version = CIFAR10.version(in: directory)
        let classNames = try CIFAR10.readClassNames(of: version, in: directory)
        func read(_ names: [String]) throws -> ImageDataset {
            let batches = try CIFAR10.readBatches(names, of: version, in: directory)
            return ImageDataset(
                pixels: batches.pixels, order: .contiguous, shape: CIFAR10.shape, labels: batches.labels,
                classNames: classNames)
        }
        return (try read(version.trainFiles), try read([version.testFile]))
    }

    /// Images of one channel and their labels from two IDX files, plain or compressed by gzip.
    ///
    /// - Throws: `FileError` where a file is damaged, the counts differ, or a label is not below the number of classes.
    public static func idx(images: String, labels: String, classNames: [String]) throws -> ImageDataset {
        let files = try concurrentMap([images, labels], IDX.read)
        return try ImageDataset(images: files[0], labels: files[1], classNames: classNames)
    }

    private init(images: IDX, labels: IDX, classNames: [String]) throws {
        let content = try images.images()
        let classes = try labels.labels(classes: classNames.count)
        guard classes.count == content.count else {
            throw FileError(labels.path, "\(classes.count) labels, but \(images.path) has \(content.count) images")
        }
        self.init(
            pixels: content.pixels, shape: [1, content.height, content.width], labels: classes, classNames: classNames)
    }

    /// Images of one channel without labels (all are 0, of a single class) from an IDX file, plain or compressed by gzip:
    /// to predict.
    ///
    /// - Throws: `FileError` where the file is damaged.
    public static func unlabelled(idx path: String) throws -> ImageDataset {
        let file = try IDX.read(path).images()
        return ImageDataset(
            pixels: file.pixels, shape: [1, file.height, file.width], labels: Array(repeating: 0, count: file.count),
            classNames: ["unlabelled"])
    }

    /// Images from a text file: a line each, with the label and then the pixels of [C, H, W] from 0 to 255, separated by
    /// commas; a first line of column names is skipped.
    ///
    /// - Throws: `FileError`, naming the line and the column, where a field is missing or is not such a number.
    public static func csv(_ path: String, shape: [Int], classNames: [String]) throws -> ImageDataset {
        let images = try CSV.readImages(path, pixels: shape.product, classes: classNames.count)
        return ImageDataset(
            pixels: images.pixels, order: .contiguous, shape: shape, labels: images.labels, classNames: classNames)
    }

    /// Writes all images as text that `csv` reads: a line each, with the label and then the pixels of [C, H, W].
    ///
    /// - Throws: `FileError` where the file cannot be written; the one that may be there then stays.
    public func write(csv path: String) throws { try CSV.writeImages(self, to: path) }

    /// The four files of a data set in MNIST's form and with its names, plain or compressed by gzip: whatever the pictures
    /// show, and of any number of classes up to 256.
    ///
    /// - Parameter classNames: nil names the classes by their numbers, from 0 to the largest of the training labels.
    /// - Throws: `FileError` where files are missing or damaged, or a label has no name.
    public static func idx(
        in directory: String, classNames: [String]? = nil
    ) throws -> (train: ImageDataset, test: ImageDataset) {
        let paths = DatasetSource.mnist.files.map { $0.path(in: directory) }
        let files = try concurrentMap(paths, IDX.read)
        let names = try classNames ?? files[1].labels(classes: 256).max().map { (0...$0).map(String.init) }
        let train = try ImageDataset(images: files[0], labels: files[1], classNames: names ?? [])
        let test = try ImageDataset(images: files[2], labels: files[3], classNames: names ?? [])
        guard train.shape == test.shape else {
            throw FileError(paths[2], "images of \(test.shape), but \(paths[0]) has \(train.shape)")
        }
        return (train, test)
    }

    private static func idxPair(
        _ source: DatasetSource, classNames: [String], in directory: String?
    ) throws -> (train: ImageDataset, test: ImageDataset) {
        let directory = try source.locate(in: directory)
        try source.requireOwnLabels(in: directory)
        return try idx(in: directory, classNames: classNames)
    }
}
