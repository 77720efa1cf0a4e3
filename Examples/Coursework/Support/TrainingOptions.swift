import ArgumentParser
import SwiftNN

/// What every exercise that trains takes.
struct TrainingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the data set is; else SWIFTNN_DATA, ~/.cache/swiftnn or Debian's package.", valueName: "dir"))
    var data: String?

    @Option(help: "How often to go through the training set; else the exercise's number.")
    var epochs: Int?

    @Option(help: "Of the weights, the order of the samples and dropout. The same seed gives the same model.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Train without so many of the training samples and score on them after every epoch; 0 for the test set.",
            valueName: "samples"))
    var holdOut: Int?

    @Option(help: ArgumentHelp("Where the files go that the exercise leaves; else none are written.", valueName: "dir"))
    var out: String?

    func validate() throws {
        if let epochs, epochs < 1 { throw ValidationError("--epochs must be at least 1, not \(epochs)") }
        if let holdOut, holdOut < 0 { throw ValidationError("--hold-out must be at least 0, not \(holdOut)") }
    }

    /// Makes the directory of `--out` before anything is trained.
    func outputDirectory() throws -> OutputDirectory? { try out.map(OutputDirectory.init) }
}
