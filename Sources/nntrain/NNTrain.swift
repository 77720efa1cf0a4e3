import ArgumentParser

/// `nntrain`: trains the recipes, scores and applies saved models, fetches data sets.
@main
struct NNTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nntrain",
        abstract: "Trains neural networks on the CPU.",
        subcommands: [
            MNISTCommand.self, FashionMNISTCommand.self, CIFAR10Command.self, EvalCommand.self, PredictCommand.self,
            FetchCommand.self,
        ])
}
