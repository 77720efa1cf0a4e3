import SwiftNN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Shows how the training goes: a bar that is drawn over itself on a terminal, a line an epoch elsewhere.
final class ProgressBar: TrainerCallback {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let clock = ContinuousClock()
    private var lastDrawn: ContinuousClock.Instant?
    private var epochs = 0
    private let scoredOn: ScoredData

    init(scoredOn: ScoredData) { self.scoredOn = scoredOn }

    func trainingStarted(_ run: TrainingRun, trainer: Trainer) { epochs = run.epochs }

    func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
        guard isTerminal, lastDrawn.map({ clock.now - $0 > .milliseconds(100) }) ?? true else { return }
        lastDrawn = clock.now
        let elapsed = trainer.history.reduce(record.seconds) { $0 + $1.seconds } / .seconds(1)
        let left = elapsed / Double(step) * Double(run.epochs * run.stepsPerEpoch - step)
        let width = 24
        let filled = record.samples * width / max(run.samplesPerEpoch, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        draw("\(label(record)) \(bar) \(figures(record))  \(NumberText.duration(.seconds(left))) left")
    }

    func epochFinished(_ record: EpochRecord, trainer: Trainer) {
        let test =
            record.validation.map {
                "  \(scoredOn.rawValue) loss \(NumberText.fixed($0.loss, digits: 4))  accuracy \(NumberText.percent($0.accuracy))"
            } ?? ""
        draw("\(label(record))  \(figures(record))\(test)")
        print()
        fflush(nil)
    }

    private func label(_ record: EpochRecord) -> String {
        let number = "\(record.epoch + 1)"
        return "epoch \(String(repeating: " ", count: "\(epochs)".count - number.count))\(number)/\(epochs)"
    }

    private func figures(_ record: EpochRecord) -> String {
        "loss \(NumberText.fixed(record.trainLoss, digits: 4))  accuracy \(NumberText.percent(record.trainAccuracy))  "
            + "\(NumberText.grouped(Int(record.samplesPerSecond))) images/s"
    }

    /// Draws over the line on a terminal, and else leaves the line for `print()` to end.
    private func draw(_ line: String) {
        print(isTerminal ? "\r\u{1B}[K\(line)" : line, terminator: "")
        fflush(nil)
    }
}
