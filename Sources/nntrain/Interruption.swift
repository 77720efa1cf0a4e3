import ArgumentParser
import Foundation
import SwiftNN
import Synchronization

/// The signal that asked the training to end; 0 until one did. A signal handler may touch nothing but such a variable.
private let receivedSignal = Atomic<Int32>(0)

/// Lets Ctrl-C and SIGTERM interrupt a training after the current step. A second signal ends the process at once.
final class Interruption: TrainerCallback {
    private static let signals = [SIGINT, SIGTERM]

    func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) { check(trainer) }

    func epochFinished(_ record: EpochRecord, trainer: Trainer) { check(trainer) }

    private func check(_ trainer: Trainer) {
        if receivedSignal.load(ordering: .relaxed) != 0 { trainer.interrupt() }
    }

    /// Runs a training whose trainer has this callback. Where it is interrupted, says how to go on.
    ///
    /// - Throws: what `body` does; `ExitCode`, the shells' for the signal, instead of `TrainingInterrupted`.
    func watch<Result>(_ body: () throws -> Result) throws -> Result {
        receivedSignal.store(0, ordering: .relaxed)
        for number in Self.signals {
            signal(number) { number in
                receivedSignal.store(number, ordering: .relaxed)
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
            }
        }
        defer { for number in Self.signals { signal(number, SIG_DFL) } }
        do {
            let result = try body()
            if receivedSignal.load(ordering: .relaxed) != 0 { notice("the training was already finished") }
            return result
        } catch let interruption as TrainingInterrupted {
            explain(interruption)
            throw ExitCode(128 + receivedSignal.load(ordering: .relaxed))
        }
    }

    private func explain(_ interruption: TrainingInterrupted) {
        // The progress bar, or what the terminal shows of Ctrl-C, stands on the line.
        if isatty(STDOUT_FILENO) == 1 { print() }
        guard let checkpoint = interruption.checkpoint else {
            return notice("\(interruption); nothing is kept: with --out DIR a training can be resumed")
        }
        let arguments = CommandLine.arguments.filter { $0 != "--resume" } + ["--resume"]
        notice(
            "\(interruption); saved in \(checkpoint). To go on:\n  \(arguments.map(\.quotedForShell).joined(separator: " "))"
        )
    }
}

extension String {
    /// The string as a word of a shell's command line.
    fileprivate var quotedForShell: String {
        let isPlain = !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=:,+@".contains($0)) }
        return isPlain
            ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
