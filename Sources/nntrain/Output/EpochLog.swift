import Foundation
import SwiftNN

/// What is written about a training while it runs.
protocol TrainingRecord: TrainerCallback {
    /// Puts back what another training left, whose other files stay, too, where this one failed.
    func takeBack() throws
}

/// Keeps `log.jsonl`, a line of JSON for every epoch. Its scores are of the loss that is trained, with label smoothing, and
/// without test-time views; those of `metrics.json` are not. Each time an epoch ends the whole file takes the place of the one
/// before, so that a training that goes on from a checkpoint leaves no epoch twice and none out.
final class EpochLog: TrainingRecord {
    private let path: String
    private let scoredOn: ScoredData
    /// What another training left there.
    private var earlier: [UInt8]?

    init(_ path: String, scoredOn: ScoredData) { (self.path, self.scoredOn) = (path, scoredOn) }

    func trainingStarted(_ run: TrainingRun, trainer: Trainer) {
        guard run.stepsBefore == 0 else { return }
        earlier = FileManager.default.contents(atPath: path).map(Array.init)
    }

    func takeBack() throws {
        if let earlier { try AtomicFile.write(earlier, to: path) }
    }

    func epochFinished(_ record: EpochRecord, trainer: Trainer) throws {
        let encoder = JSONEncoder.ofFigures
        let lines = try trainer.history.map { record in
            try encoder.encode(Line(record, scoredOn: scoredOn)) + [UInt8(ascii: "\n")]
        }
        try AtomicFile.write(Array(lines.joined()), to: path)
    }

    private struct Line: Encodable {
        let epoch: Epoch
        let score: NamedScore

        init(_ record: EpochRecord, scoredOn: ScoredData) {
            epoch = Epoch(record)
            score = NamedScore(record.validation, on: scoredOn)
        }

        func encode(to encoder: any Encoder) throws {
            try epoch.encode(to: encoder)
            try score.encode(to: encoder)
        }
    }

    private struct Epoch: Encodable {
        /// From 1.
        let epoch: Int
        let steps: Int
        let trainLoss: Double
        let trainAccuracy: Double
        /// At the epoch's last step.
        let learningRate: Float
        let seconds: Double
        let imagesPerSecond: Double

        init(_ record: EpochRecord) {
            (epoch, steps) = (record.epoch + 1, record.steps)
            (trainLoss, trainAccuracy) = (record.trainLoss, record.trainAccuracy)
            (learningRate, seconds) = (record.learningRate, record.seconds / .seconds(1))
            imagesPerSecond = record.samplesPerSecond
        }
    }
}
