/// A sample that a classifier took for another class.
public struct Mistake: Sendable, Hashable {
    /// The number of the sample in its data set.
    public let sample: Int
    /// The true class.
    public let label: Int
    /// The class that it was taken for.
    public let prediction: Int
    /// The probability that the model gave its prediction.
    public let confidence: Double
    public let picture: Picture

    public init(sample: Int, label: Int, prediction: Int, confidence: Double, picture: Picture) {
        (self.sample, self.label, self.prediction) = (sample, label, prediction)
        (self.confidence, self.picture) = (confidence, picture)
    }

    /// The mistakes that a model was surest of, the surest first.
    ///
    /// - Parameters:
    ///   - count: how many at most.
    ///   - labels: the true class of every sample.
    ///   - probabilities: the model's, [samples, classes].
    ///   - picture: makes the picture of a sample, by its number.
    public static func mostConfident(
        _ count: Int, labels: some Collection<some BinaryInteger>, probabilities: Tensor,
        picture: (Int) throws -> Picture
    ) rethrows -> [Mistake] {
        precondition(
            probabilities.rank == 2 && probabilities.shape[0] == labels.count,
            "Mistake.mostConfident: probabilities of shape \(probabilities.shape) for \(labels.count) labels")
        let predictions = probabilities.argmaxOfRows()
        let wrong = zip(labels, predictions).enumerated().compactMap { sample, pair in
            pair.0 == pair.1 ? nil : (sample, label: Int(pair.0), pair.1, confidence: probabilities[sample, pair.1])
        }
        // Equal confidences in the order of the samples, so that the same model makes the same report.
        let surest = wrong.sorted { ($1.confidence, $0.0) < ($0.confidence, $1.0) }.prefix(max(count, 0))
        return try surest.map { sample, label, prediction, confidence in
            Mistake(
                sample: sample, label: label, prediction: prediction, confidence: Double(confidence),
                picture: try picture(sample))
        }
    }
}
