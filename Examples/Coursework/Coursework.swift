import ArgumentParser

/// `swift run coursework NAME` runs an exercise; without a name it lists them. One file an exercise.
@main
struct Coursework: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coursework", abstract: "Exercises of university courses on neural networks, solved with SwiftNN.",
        subcommands: [
            MomentumOnReLU.self, MomentumOnLogistic.self, Conv1dByItself.self, CIFAR10Loading.self, GELUDescent.self,
            LogicGates.self, Backpropagation.self, ConvolutionOnPaper.self, MNISTPerceptron.self, CIFAR10Network.self,
            LinearTanhReLU.self, FashionMNISTPerceptron.self,
        ])
}
