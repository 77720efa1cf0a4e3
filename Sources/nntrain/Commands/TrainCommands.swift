import ArgumentParser
import SwiftNN

struct MNISTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist", abstract: "Trains on MNIST (handwritten digits).", discussion: Recipe.list(of: .mnist))
    @OptionGroup var options: TrainOptions
    func run() throws { try options.train(.mnist) }
}

struct FashionMNISTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fashion-mnist", abstract: "Trains on Fashion-MNIST (articles of clothing).",
        discussion: Recipe.list(of: .fashionMNIST))
    @OptionGroup var options: TrainOptions
    func run() throws { try options.train(.fashionMNIST) }
}

struct CIFAR10Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cifar10", abstract: "Trains on CIFAR-10 (small colour photographs).",
        discussion: Recipe.list(of: .cifar10))
    @OptionGroup var options: TrainOptions
    func run() throws { try options.train(.cifar10) }
}
