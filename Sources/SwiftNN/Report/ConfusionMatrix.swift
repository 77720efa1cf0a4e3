/// How often samples of each class were taken for each class.
public struct ConfusionMatrix: Sendable, Hashable {
    public let classCount: Int
    /// Rows are true classes, columns predicted ones.
    private var counts: [Int]

    /// Counts predictions.
    ///
    /// - Parameters:
    ///   - labels: the true class of every sample.
    ///   - predictions: the predicted class of every sample.
    /// - Throws: `LabelError` where a label or a prediction is not in `0..<classCount`.
    public init(
        labels: some Collection<some BinaryInteger>, predictions: some Collection<some BinaryInteger>, classCount: Int
    ) throws {
        precondition(classCount >= 0, "ConfusionMatrix: \(classCount) classes")
        precondition(
            labels.count == predictions.count,
            "ConfusionMatrix: \(labels.count) labels, but \(predictions.count) predictions")
        self.classCount = classCount
        counts = Array(repeating: 0, count: classCount * classCount)
        let classes = 0..<classCount
        func checked(_ label: some BinaryInteger, _ row: Int) throws -> Int {
            guard let index = Int(exactly: label), classes.contains(index) else {
                throw LabelError(label: Int32(clamping: label), row: row, classes: classCount)
            }
            return index
        }
        for (row, (label, prediction)) in zip(labels, predictions).enumerated() {
            counts[try checked(label, row) * classCount + checked(prediction, row)] += 1
        }
    }

    /// How many samples of class `label` were taken for class `prediction`.
    public subscript(label label: Int, prediction prediction: Int) -> Int {
        precondition(
            (0..<classCount).contains(label) && (0..<classCount).contains(prediction),
            "ConfusionMatrix: [\(label), \(prediction)] of \(classCount) classes")
        return counts[label * classCount + prediction]
    }

    /// How many samples were counted.
    public var sampleCount: Int { counts.reduce(0, +) }
    /// How many of them were predicted right.
    public var correctCount: Int { (0..<classCount).reduce(0) { $0 + self[label: $1, prediction: $1] } }
    /// The part of the samples that was predicted right; nil without samples.
    public var accuracy: Double? { Self.part(correctCount, of: sampleCount) }

    /// How many samples are of this class.
    public func sampleCount(of label: Int) -> Int {
        (0..<classCount).reduce(0) { $0 + self[label: label, prediction: $1] }
    }

    /// How many samples were taken for this class.
    public func predictionCount(of prediction: Int) -> Int {
        (0..<classCount).reduce(0) { $0 + self[label: $1, prediction: prediction] }
    }

    /// The part of the samples taken for this class that is of it; nil where none was.
    public func precision(of index: Int) -> Double? {
        Self.part(self[label: index, prediction: index], of: predictionCount(of: index))
    }

    /// The part of the samples of this class that was taken for it; nil where there are none.
    public func recall(of index: Int) -> Double? {
        Self.part(self[label: index, prediction: index], of: sampleCount(of: index))
    }

    private static func part(_ count: Int, of whole: Int) -> Double? {
        whole == 0 ? nil : Double(count) / Double(whole)
    }
}
