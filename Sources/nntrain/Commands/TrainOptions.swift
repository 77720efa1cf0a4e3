import ArgumentParser
import SwiftNN

extension Precision: ExpressibleByArgument {}

/// What every training command takes.
struct TrainOptions: ParsableArguments {
    @Option(help: "Which recipe; the first listed above is the default.")
    var recipe: String?

    @OptionGroup var location: DataOption

    @Option(help: "How often to go through the training set; else the recipe's number.")
    var epochs: Int?

    @Option(help: "How many samples make a step; else the recipe's number.")
    var batchSize: Int?

    @Option(
        help: ArgumentHelp(
            "The largest learning rate; else the recipe's. Where groups of parameters learn at rates of their own it is the "
                + "first group's, which the log shows, and the others scale along."))
    var lr: Float?

    @Option(help: "Of the weights, the order of the samples and dropout. The same seed gives the same model.")
    var seed: UInt64 = 1

    @Option(help: "How many threads compute; else one per CPU.")
    var threads: Int?

    @Option(help: "What activations, their gradients and the operands of products are rounded to.")
    var precision: Precision = .float32

    @Option(
        help: ArgumentHelp("Where model.safetensors, metrics.json, log.jsonl and report.html go.", valueName: "dir"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Keep a checkpoint in the --out directory and renew it after every so many steps, for --resume. "
                + "Ctrl-C leaves one in any case. It is removed when the training is finished.",
            valueName: "steps"))
    var checkpointEvery: Int?

    @Flag(
        help: ArgumentHelp(
            "Go on from the checkpoint in the --out directory: on the same kind of CPU to the very same result as without "
                + "a break."))
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Train without so many of the training samples and score on them instead of the test set, for tuning.",
            valueName: "samples"))
    var holdOut = 0

    @Flag(help: "Write event files for TensorBoard into the folder tensorboard of the --out directory.")
    var tensorboard = false

    @Flag(help: "Print the result only.")
    var quiet = false

    /// Of epochs, samples or steps: products of some do not overflow.
    private static let largestCount = 1_000_000

    func validate() throws {
        guard holdOut >= 0 else { throw ValidationError("--hold-out must be at least 0, not \(holdOut)") }
        if let lr, !(lr > 0 && lr.isFinite) { throw ValidationError("--lr must be a positive number, not \(lr)") }
        for (name, value, largest) in [
            ("--epochs", epochs, Self.largestCount), ("--batch-size", batchSize, Self.largestCount),
            ("--threads", threads, Runtime.threadLimit), ("--checkpoint-every", checkpointEvery, Self.largestCount),
        ] {
            guard let value, !(1...largest).contains(value) else { continue }
            throw ValidationError("\(name) must be 1 to \(largest), not \(value)")
        }
        for (name, isGiven, what) in [
            ("--checkpoint-every", checkpointEvery != nil, "the checkpoint is"),
            ("--resume", resume, "the checkpoint is"),
            ("--tensorboard", tensorboard, "the event files are"),
        ] {
            guard isGiven && out == nil else { continue }
            throw ValidationError("\(name) needs --out: the directory that \(what) in")
        }
    }

    func train(_ dataset: DatasetName) throws {
        try checkEnvironment()
        if let threads { Runtime.threads = threads }
        var recipe = try Recipe.find(recipe, of: dataset)
        if let epochs { recipe.epochs = epochs }
        if let batchSize { recipe.batchSize = batchSize }
        if let lr { recipe.learningRate = lr }
        recipe.precision = precision
        try TrainingSession(
            recipe: recipe, data: location.data, seed: seed, out: out.map(OutputDirectory.init),
            quiet: quiet, holdOut: holdOut, checkpointEvery: checkpointEvery, resumes: resume,
            logsForTensorBoard: tensorboard
        ).run()
    }
}
