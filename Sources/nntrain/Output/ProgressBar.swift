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
        let (done, all) = (cost(0..<step, run, trainer), cost(0..<run.epochs * run.stepsPerEpoch, run, trainer))
        let left = elapsed / done * (all - done)
        let (before, after) = (label(record), "\(figures(record))  \(NumberText.duration(.seconds(left))) left")
        // A line that the terminal breaks could not be drawn over.
        let room = terminalColumns - 1
        let free = room - before.count - after.count - 2
        let width = free < 8 ? 0 : min(free, 24)
        let filled = record.samples * width / max(run.samplesPerEpoch, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        draw(String([before, bar, after].filter { !$0.isEmpty }.joined(separator: " ").prefix(room)))
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

    /// What steps cost, in parts of one at the end of the training: of many steps, counted by about a thousand of them.
    private func cost(_ steps: Range<Int>, _ run: TrainingRun, _ trainer: Trainer) -> Double {
        let selections = trainer.callbacks.compactMap { $0 as? any BatchSelection }
        guard !selections.isEmpty else { return Double(steps.count) }
        let sampled = max(1, steps.count / 1000)
        return stride(from: steps.lowerBound, to: steps.upperBound, by: sampled).reduce(0) { sum, step in
            let position = TrainingPosition(
                step: step, totalSteps: run.epochs * run.stepsPerEpoch, stepsPerEpoch: run.stepsPerEpoch)
            let alike = Double(min(sampled, steps.upperBound - step))
            return sum + selections.reduce(alike) { $0 * $1.relativeCost(at: position) }
        }
    }

    private var terminalColumns: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private func label(_ record: EpochRecord) -> String {
        let number = "\(record.epoch + 1)"
        return "epoch \(String(repeating: " ", count: "\(epochs)".count - number.count))\(number)/\(epochs)"
    }

    private func figures(_ record: EpochRecord) -> String {
        "loss \(NumberText.fixed(record.trainLoss, digits: 4))  accuracy \(NumberText.percent(record.trainAccuracy))  "
            + "\(NumberText.grouped(record.samplesPerSecond)) images/s"
    }

    /// Draws over the line on a terminal, and else leaves the line for `print()` to end.
    private func draw(_ line: String) {
        print(isTerminal ? "\r\u{1B}[K\(line)" : line, terminator: "")
        fflush(nil)
    }
}
