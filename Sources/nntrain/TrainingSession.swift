import Foundation
import SwiftNN

/// One run of a recipe, from the data to the files it leaves.
struct TrainingSession {
    let recipe: Recipe
    let data: String?
    let seed: UInt64
    let out: OutputDirectory?
    let quiet: Bool
    /// Samples of the training set that take the place of the test set; 0 scores on the test set.
    let holdOut: Int
    /// Steps between checkpoints; nil leaves one only where the training is interrupted.
    let checkpointEvery: Int?
    /// Whether to go on from the checkpoint in the output directory.
    let resumes: Bool
    /// Whether to leave event files for TensorBoard in the output directory.
    let logsForTensorBoard: Bool

    var scoredOn: ScoredData { holdOut > 0 ? .heldOut : .test }

    func run() throws {
        let checkpoint = try resumes ? findCheckpoint() : requireNoCheckpoint()
        let (train, test) = try loadData()
        let model = recipe.makeModel()
        try recipe.requireFit(model, train, from: recipe.dataset.title)
        let trainer = try makeTrainer(model, seed: seed, train)
        let interruption = Interruption()
        let records = try makeRecords()
        // The proxy chooses among images as the recipe resizes them.
        trainer.callbacks = try recipe.callbacks() + [makeSelection(train)].compactMap(\.self) + records
        if !quiet { trainer.callbacks.append(ProgressBar(scoredOn: scoredOn)) }
        trainer.callbacks.append(interruption)
        try interruption.watch {
            do {
                try trainer.fit(
                    train, epochs: recipe.epochs, batchSize: recipe.batchSize, validation: test, checkpoints: policy,
                    resumeFrom: checkpoint)
                // Before the scoring: nothing that goes wrong there loses the training.
                try save(model, train)
            } catch  where !(error is TrainingInterrupted) {
                for record in records { try record.takeBack() }
                throw error
            }
            try finish(model, trainer.history, test)
        }
    }

    private func save(_ model: Sequential, _ train: ImageDataset) throws {
        guard let out else { return }
        let saved = SavedModel(
            recipe: recipe, model: model, precision: recipe.precision,
            normalization: train.normalization ?? train.channelStatistics())
        try saved.write(to: out.model)
    }

    /// A trainer of the recipe for a new model.
    private func makeTrainer(_ model: Sequential, seed: UInt64, _ train: ImageDataset) throws -> Trainer {
        model.initialize(seed: seed)
        try recipe.prepare(model, train)
        return Trainer(
            model, loss: recipe.loss, optimizer: Optimizer(groups: recipe.parameterGroups(of: model)),
            schedule: recipe.schedule, precision: recipe.precision, seed: seed)
    }

    private func makeSelection(_ train: ImageDataset) throws -> HardExamples? {
        try recipe.proxy.map { proxy in
            let trainer = try makeTrainer(
                proxy.makeModel(), seed: RandomStream.derivedSeed(from: seed, index: 1), train)
            return HardExamples(judgedBy: trainer, part: proxy.part, learnsEvery: proxy.learnsEvery)
        }
    }

    /// Scores the trained model, leaves the files about it and says how it went.
    private func finish(_ model: Sequential, _ history: [EpochRecord], _ test: ImageDataset) throws {
        guard let plainScore = history.last?.validation else { return }
        let probabilities = try model.probabilities(for: test, views: recipe.views, precision: recipe.precision)
        let score = Evaluation(probabilities: probabilities, labels: test.labels)
        if let out {
            let metrics = Metrics(
                self, model: model, history: history, score: score, plainScore: plainScore,
                modelBytes: try fileSize(out.model))
            try metrics.write(to: out.metrics)
            try report(metrics, model, history, test, probabilities).write(to: out.report)
            try removeCheckpoint(in: out)
        }
        print(
            "\(scoredOn.rawValue) accuracy \(NumberText.fixed(100 * score.accuracy, digits: 2))% (\(recipe.dataset.title), seed \(seed))"
        )
        if let out { print("wrote \(out.model), \(out.metrics), \(out.report)") }
    }

    /// The checkpoint in the output directory; nil where there is none yet.
    private func findCheckpoint() throws -> Checkpoint? {
        guard let path = out?.checkpoint, FileManager.default.fileExists(atPath: path) else {
            notice("there is no checkpoint in \(out?.path ?? ""): starting from the beginning")
            return nil
        }
        let checkpoint = try Checkpoint(from: path)
        notice("going on from \(path), after step \(checkpoint.step) (\(checkpoint.history.count) epochs finished)")
        return checkpoint
    }

    /// A new training must not take the place of one that can go on.
    private func requireNoCheckpoint() throws -> Checkpoint? {
        guard let path = out?.checkpoint, FileManager.default.fileExists(atPath: path) else { return nil }
        throw FileError(
            path, "is of a training that was interrupted: go on with it by --resume, or remove it to start anew")
    }

    /// What is left of the training is the model; a later `--resume` must not take up this one.
    private func removeCheckpoint(in out: OutputDirectory) throws {
        guard FileManager.default.fileExists(atPath: out.checkpoint) else { return }
        try FileManager.default.removeItem(atPath: out.checkpoint)
    }

    private var policy: CheckpointPolicy? {
        out.map { CheckpointPolicy($0.checkpoint, every: checkpointEvery, settings: settings) }
    }

    /// What makes another training of this one, besides what the trainer knows.
    private var settings: [(name: String, value: String)] {
        [
            ("data set", recipe.dataset.rawValue), ("recipe", recipe.name), ("learning rate", "\(recipe.largestRate)"),
            ("hold-out", "\(holdOut)"),
        ] + recipe.hyperParameters
    }

    private func makeRecords() throws -> [any TrainingRecord] {
        guard let out else { return [] }
        let log = EpochLog(out.log, scoredOn: scoredOn)
        guard logsForTensorBoard else { return [log] }
        return [
            log, try TensorBoardLog(out.tensorBoard, scoredOn: scoredOn, hyperParameters: hyperParameters),
        ]
    }

    /// What the report and TensorBoard show.
    private var hyperParameters: [(name: String, value: String)] {
        recipe.hyperParameters
            + recipe.callbacks().compactMap { $0 as? any StatefulCallback }.map { ("\(type(of: $0))", $0.description) }
            + [("seed", "\(seed)"), ("precision", recipe.precision.rawValue)]
    }

    private func loadData() throws -> (train: ImageDataset, test: ImageDataset) {
        var (train, test) = try recipe.dataset.load(in: data)
        if holdOut > 0 {
            guard holdOut < train.count else {
                throw FileError("--hold-out", "must be below the \(train.count) training samples, not \(holdOut)")
            }
            (train, test) = train.split(holdingOut: holdOut, seed: 0)
        }
        train.normalization = train.channelStatistics()
        test.normalization = train.normalization
        train.augmentation = recipe.augmentation
        return (train, test)
    }

    private func report(
        _ metrics: Metrics, _ model: Sequential, _ history: [EpochRecord], _ test: ImageDataset,
        _ probabilities: Tensor
    ) throws -> String {
        var report = TrainingReport(title: "\(recipe.dataset.title), recipe \(recipe.name)")
        report.figures = metrics.figures
        report.hyperParameters = hyperParameters
        report.layers = try Plan(model, inputShape: [1] + test.shape).summary
        report.history = history
        report.classNames = test.classNames
        report.confusion = try ConfusionMatrix(
            labels: test.labels, predictions: probabilities.argmaxOfRows(), classCount: test.classNames.count)
        report.mistakes = Mistake.mostConfident(24, labels: test.labels, probabilities: probabilities) { sample in
            test.picture(of: sample)
        }
        return report.html()
    }

    private func fileSize(_ path: String) throws -> Int {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return size ?? 0
    }
}

extension String {
    fileprivate func write(to path: String) throws { try AtomicFile.write(self, to: path) }
}
