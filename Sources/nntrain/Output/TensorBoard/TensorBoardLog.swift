import SwiftNN

/// Leaves event files from which TensorBoard draws how a training goes. Every run, also one that goes on from a checkpoint,
/// starts a file of its own, as TensorBoard expects.
final class TensorBoardLog: TrainingRecord {
    /// Steps between two points of the loss.
    private static let interval = 10

    private let directory: OutputDirectory
    private let scoredOn: ScoredData
    private let hyperParameters: [(name: String, value: String)]
    private var file: EventFile?
    private var isFromTheStart = false

    /// - Throws: `FileError` where the directory cannot be made.
    init(_ path: String, scoredOn: ScoredData, hyperParameters: [(name: String, value: String)]) throws {
        directory = try OutputDirectory(path)
        (self.scoredOn, self.hyperParameters) = (scoredOn, hyperParameters)
    }

    func trainingStarted(_ run: TrainingRun, trainer: Trainer) throws {
        let first = firstStep(of: run, finishedEpochs: trainer.history.count)
        file = try EventFile(in: directory, startingAt: first)
        isFromTheStart = run.stepsBefore == 0
        try file?.write(text: hyperParameters.asMarkdown, tag: "hyper-parameters", step: first)
    }

    func takeBack() throws {
        if isFromTheStart { try file?.remove() }
        file = nil
    }

    /// The first step that this run has something to say of. The step that it goes on after is one where a checkpoint was
    /// written before the end of the epoch was reported.
    private func firstStep(of run: TrainingRun, finishedEpochs: Int) -> Int {
        let epochEndComesAgain = run.stepsBefore == (finishedEpochs + 1) * run.stepsPerEpoch
        return run.stepsBefore == 0 || epochEndComesAgain ? run.stepsBefore : run.stepsBefore + 1
    }

    func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) throws {
        guard step.isMultiple(of: Self.interval) else { return }
        try file?.write([("loss/step", trainer.lastLoss), ("learning_rate", Double(record.learningRate))], step: step)
    }

    func epochFinished(_ record: EpochRecord, trainer: Trainer) throws {
        var values = [
            ("loss/train", record.trainLoss), ("accuracy/train", record.trainAccuracy),
            ("images_per_second", record.samplesPerSecond),
        ]
        if let score = record.validation {
            values += [("loss/\(scoredOn.rawValue)", score.loss), ("accuracy/\(scoredOn.rawValue)", score.accuracy)]
        }
        try file?.write(values, step: trainer.history.reduce(0) { $0 + $1.steps })
    }
}

extension [(name: String, value: String)] {
    /// A table with a row for each.
    fileprivate var asMarkdown: String {
        "| | |\n|---|---|\n"
            + map { "| \($0.name) | \($0.value.replacingOccurrences(of: "|", with: "\\|")) |\n" }.joined()
    }
}
