import Foundation
import SwiftNN

/// What `metrics.json` says of a training. With `--hold-out` the scores are named "held_out_...", and "test_accuracy" is
/// null: no test sample was looked at.
struct Metrics {
    private let run: Run
    private let scoredOn: ScoredData
    /// With the recipe's test-time views; the loss is the cross-entropy, without label smoothing.
    private let score: Evaluation
    /// Without views.
    private let plainAccuracy: Double

    init(
        _ session: TrainingSession, model: Sequential, history: [EpochRecord], score: Evaluation,
        plainScore: Evaluation, modelBytes: Int
    ) {
        run = Run(session, model: model, history: history, modelBytes: modelBytes)
        (scoredOn, self.score, plainAccuracy) = (session.scoredOn, score, plainScore.accuracy)
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder.ofFigures
        encoder.outputFormatting.insert(.prettyPrinted)
        try AtomicFile.write(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
    }

    /// The same for the report.
    var figures: [(name: String, value: String)] {
        [
            ("\(scoredOn.rawValue) accuracy", NumberText.percent(score.accuracy)),
            ("without test-time views", NumberText.percent(plainAccuracy)),
            ("\(scoredOn.rawValue) error", NumberText.percent(1 - score.accuracy)),
            ("\(scoredOn.rawValue) loss", NumberText.fixed(score.loss, digits: 4)),
        ] + run.figures
    }
}

extension Metrics: Encodable {
    private enum CodingKeys: CodingKey {
        case testAccuracy
    }

    func encode(to encoder: any Encoder) throws {
        try run.encode(to: encoder)
        try NamedScore(score, on: scoredOn, plainAccuracy: plainAccuracy).encode(to: encoder)
        guard scoredOn == .heldOut else { return }
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeNil(forKey: .testAccuracy)
    }
}

/// What is known of a training without the score.
private struct Run: Encodable {
    let recipe: String
    let dataset: String
    let seed: UInt64
    let threads: Int
    let precision: String
    let isa: String
    let epochs: Int
    let batchSize: Int
    /// Of all epochs, without loading and scoring.
    let trainSeconds: Double
    let imagesPerSecond: Double
    let parameters: Int
    let modelBytes: Int
    let trainLoss: Double
    let trainAccuracy: Double
    /// Floating-point operations of all steps, in 10^15, convolutions counted as direct sums.
    let pflop: Double

    init(_ session: TrainingSession, model: Sequential, history: [EpochRecord], modelBytes: Int) {
        recipe = session.recipe.name
        dataset = session.recipe.dataset.rawValue
        seed = session.seed
        threads = Runtime.threads
        precision = session.recipe.precision.rawValue
        isa = Runtime.instructionSet.rawValue
        epochs = history.count
        batchSize = session.recipe.batchSize
        trainSeconds = history.reduce(0) { $0 + $1.seconds / .seconds(1) }
        imagesPerSecond = trainSeconds > 0 ? Double(history.reduce(0) { $0 + $1.samples }) / trainSeconds : 0
        parameters = model.parameterCount
        self.modelBytes = modelBytes
        trainLoss = history.last?.trainLoss ?? .nan
        trainAccuracy = history.last?.trainAccuracy ?? 0
        pflop = 2 * history.reduce(0) { $0 + Double($1.multiplyAdds) } / 1e15
    }

    var figures: [(name: String, value: String)] {
        [
            ("training time", NumberText.duration(.seconds(trainSeconds))),
            ("floating-point operations", "\(NumberText.fixed(pflop, digits: 4)) PFLOP"),
            ("images/s", NumberText.grouped(imagesPerSecond)),
            ("parameters", NumberText.grouped(parameters)),
            ("model file", NumberText.bytes(modelBytes)),
            ("threads, instruction set", "\(threads), \(isa)"),
        ]
    }
}

extension JSONEncoder {
    /// One for figures of trainings, on one line.
    static var ofFigures: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // A training that was stopped before its first step has no loss.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}
