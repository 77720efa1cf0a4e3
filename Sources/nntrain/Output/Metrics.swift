import Foundation
import SwiftNN

/// What `metrics.json` says of a training.
struct Metrics: Encodable {
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
    /// The cross-entropy, without label smoothing.
    let testLoss: Double
    /// With the recipe's test-time views, as the loss.
    let testAccuracy: Double
    /// Without test-time views.
    let testAccuracyPlain: Double
    /// Floating-point operations of all steps, in 10^15, convolutions counted as direct sums.
    let pflop: Double
    /// "test", or "held-out" where training samples took its place.
    let scoredOn: String

    init(
        _ session: TrainingSession, model: Sequential, history: [EpochRecord], score: Evaluation,
        plainScore: Evaluation,
        modelBytes: Int
    ) {
        recipe = session.recipe.name
        dataset = session.recipe.dataset.rawValue
        seed = session.seed
        threads = Runtime.threads
        precision = session.precision.rawValue
        isa = Runtime.instructionSet.rawValue
        epochs = history.count
        batchSize = session.recipe.batchSize
        trainSeconds = history.reduce(0) { $0 + $1.seconds / .seconds(1) }
        imagesPerSecond = trainSeconds > 0 ? Double(history.reduce(0) { $0 + $1.samples }) / trainSeconds : 0
        parameters = model.parameterCount
        self.modelBytes = modelBytes
        trainLoss = history.last?.trainLoss ?? .nan
        trainAccuracy = history.last?.trainAccuracy ?? 0
        testLoss = score.loss
        testAccuracy = score.accuracy
        testAccuracyPlain = plainScore.accuracy
        pflop = 2 * Double(history.reduce(0) { $0 + $1.multiplyAdds }) / 1e15
        scoredOn = session.scoredOn
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder.ofFigures
        encoder.outputFormatting.insert(.prettyPrinted)
        try AtomicFile.write(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
    }

    /// The same for the report.
    var figures: [(name: String, value: String)] {
        [
            ("\(scoredOn) accuracy", NumberText.percent(testAccuracy)),
            ("without test-time views", NumberText.percent(testAccuracyPlain)),
            ("\(scoredOn) error", NumberText.percent(1 - testAccuracy)),
            ("\(scoredOn) loss", NumberText.fixed(testLoss, digits: 4)),
            ("training time", NumberText.duration(.seconds(trainSeconds))),
            ("floating-point operations", "\(NumberText.fixed(pflop, digits: 4)) PFLOP"),
            ("images/s", NumberText.grouped(Int(imagesPerSecond))),
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
