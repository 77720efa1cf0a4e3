import Foundation
import SwiftNN

/// Keeps `log.jsonl`, a line of JSON for every epoch. Each time an epoch ends the whole file takes the place of the one
/// before, so that a training that goes on from a checkpoint leaves no epoch twice and none out.
final class EpochLog: TrainerCallback {
    private let path: String
    /// What the model is scored on: "test" or "held-out".
    private let scoredOn: String

    init(_ path: String, scoredOn: String) { (self.path, self.scoredOn) = (path, scoredOn) }

    func epochFinished(_ record: EpochRecord, trainer: Trainer) throws {
        let encoder = JSONEncoder.ofFigures
        let lines = try trainer.history.map { try encoder.encode(Line($0, scoredOn: scoredOn)) + [UInt8(ascii: "\n")] }
        try AtomicFile.write(Array(lines.joined()), to: path)
    }

    private struct Line: Encodable {
        /// From 1.
        let epoch: Int
        let steps: Int
        let trainLoss: Double
        let trainAccuracy: Double
        let testLoss: Double?
        let testAccuracy: Double?
        let scoredOn: String
        /// At the epoch's last step.
        let learningRate: Float
        let seconds: Double
        let imagesPerSecond: Double

        init(_ record: EpochRecord, scoredOn: String) {
            (epoch, steps) = (record.epoch + 1, record.steps)
            (trainLoss, trainAccuracy) = (record.trainLoss, record.trainAccuracy)
            (testLoss, testAccuracy) = (record.validation?.loss, record.validation?.accuracy)
            (learningRate, self.scoredOn) = (record.learningRate, scoredOn)
            (seconds, imagesPerSecond) = (record.seconds / .seconds(1), record.samplesPerSecond)
        }
    }
}
