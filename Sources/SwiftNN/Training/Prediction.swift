#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Layer {
    /// What the model puts out for every sample, in inference mode: [N, ...].
    ///
    /// - Parameter batchSize: how many samples are computed together; it changes the speed only.
    /// - Throws: `ShapeError` where model and data do not fit, and what the data set throws.
    public func outputs(
        for data: any Dataset, precision: Precision = .float32, batchSize: Int = 500
    ) throws -> Tensor {
        var plans = PlanCache(self, nil, mode: .inference, precision, seed: 0)
        let loader = BatchLoader(data, batchSize: batchSize)
        loader.start(epoch: 0)
        var scalars: [Float] = []
        var shape: [Int] = []
        while let batch = try loader.next() {
            let output = try plans.plan(for: batch.input.shape).forward(batch.input)
            shape = Array(output.shape.dropFirst())
            scalars += output.scalars
        }
        return Tensor(scalars, shape: [data.count] + shape)
    }

    /// The probabilities that the model gives every class of every sample: the softmax of its outputs, [N, classes].
    ///
    /// - Parameter batchSize: how many samples are computed together; it changes the speed only.
    /// - Throws: `ShapeError` where model and data do not fit, and what the data set throws.
    public func probabilities(
        for data: any Dataset, precision: Precision = .float32, batchSize: Int = 500
    ) throws -> Tensor {
        try Softmax()(outputs(for: data, precision: precision, batchSize: batchSize))
    }

    /// The same from several views of every image: the softmax of the mean of the outputs.
    ///
    /// - Throws: `ShapeError` where model and images do not fit.
    public func probabilities(
        for images: ImageDataset, views: TestTimeViews, precision: Precision = .float32, batchSize: Int = 500
    ) throws -> Tensor {
        var images = images
        var mean: Tensor?
        for view in views.all {
            images.augmentation = view.augmentation
            let share = view.weight * (try outputs(for: images, precision: precision, batchSize: batchSize))
            mean = mean.map { $0 + share } ?? share
        }
        return try Softmax()(mean ?? outputs(for: images, precision: precision, batchSize: batchSize))
    }

    /// Scores the model on images by several views of each; the loss is the cross-entropy of `probabilities(for:views:)`.
    ///
    /// - Throws: `ShapeError` where model and images do not fit.
    public func evaluate(
        on images: ImageDataset, views: TestTimeViews, precision: Precision = .float32, batchSize: Int = 500
    ) throws -> Evaluation {
        let probabilities = try probabilities(
            for: images, views: views, precision: precision, batchSize: batchSize)
        if let error = LabelError.first(in: images.labels, classes: probabilities.shape[1]) { throw error }
        return Evaluation(probabilities: probabilities, labels: images.labels)
    }

    /// Scores the model on a data set, in inference mode.
    ///
    /// - Parameter batchSize: how many samples are computed together; it changes the speed only.
    /// - Throws: `ShapeError` or `LabelError` where model and data do not fit, and what the data set throws.
    public func evaluate(
        on data: any Dataset, loss: any Loss, precision: Precision = .float32, batchSize: Int = 500
    ) throws -> Evaluation {
        let trainer = Trainer(self, loss: loss, optimizer: Optimizer(groups: []), precision: precision)
        return try trainer.evaluate(data, batchSize: batchSize)
    }
}

extension Evaluation {
    /// Scores probabilities that a model gave: the loss is their cross-entropy, the mean of −log of that of the label, which
    /// counts as 100 at most, as in PyTorch's BCELoss: the probability may be too small for a Float. With NaN among the
    /// probabilities the loss may be NaN, and no sample whose label's is NaN counts as right.
    ///
    /// - Parameters:
    ///   - probabilities: of every class of every sample: [N, classes].
    ///   - labels: a class index for every sample.
    public init(probabilities: Tensor, labels: [Int32]) {
        precondition(
            probabilities.shape.count == 2 && probabilities.shape[0] == labels.count,
            "Evaluation: probabilities of shape \(probabilities.shape) for \(labels.count) labels")
        let classes = probabilities.shape[1]
        if let error = LabelError.first(in: labels, classes: classes) { preconditionFailure("Evaluation: \(error)") }
        let ofLabels = probabilities.withSpan { rows in
            labels.indices.map { rows[$0 * classes + Int(labels[$0])] }
        }
        // Of two numbers of which one is NaN, max gives the first.
        let loss = ofLabels.reduce(0.0) { $0 - max(Double(log($1)), -100) }
        let correct = zip(probabilities.argmaxOfRows(), zip(labels, ofLabels)).count { $0 == Int($1.0) && !$1.1.isNaN }
        let count = Double(max(labels.count, 1))
        self.init(loss: loss / count, accuracy: Double(correct) / count)
    }
}

/// Which views of an image a model is asked about, to average its answers.
public enum TestTimeViews: String, Sendable, CaseIterable {
    /// The image as it is.
    case none
    /// And mirrored.
    case mirror
    /// And, with half of the weight, moved by a pixel up and left and by one down and right, also mirrored: six in all
    /// (Jordan 2024).
    case mirrorAndShift = "mirror-and-shift"

    struct View {
        let augmentation: ImageAugmentation?
        let weight: Float
    }

    /// The views with weights that add up to 1.
    var all: [View] {
        switch self {
        case .none: [View(augmentation: nil, weight: 1)]
        case .mirror: Self.bothSides(of: (0, 0), weight: 1)
        case .mirrorAndShift:
            Self.bothSides(of: (0, 0), weight: 0.5) + Self.bothSides(of: (-1, -1), weight: 0.25)
                + Self.bothSides(of: (1, 1), weight: 0.25)
        }
    }

    private static func bothSides(of offset: (top: Int, left: Int), weight: Float) -> [View] {
        [.none, .always].map { View(augmentation: ImageAugmentation(flip: $0, offset: offset), weight: weight / 2) }
    }
}
