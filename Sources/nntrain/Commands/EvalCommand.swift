import ArgumentParser
import SwiftNN

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Scores a saved model on its test set.")

    @Argument(help: "The model.safetensors that a training wrote.")
    var model: String

    @OptionGroup var location: DataOption

    func run() throws {
        try checkEnvironment()
        let saved = try SavedModel(from: model)
        let test = try saved.recipe.dataset.load(in: location.data).test
        let score = try saved.model.evaluate(
            on: try saved.normalized(test, from: saved.recipe.dataset.title), loss: saved.recipe.loss)
        print(
            "test accuracy \(NumberText.fixed(100 * score.accuracy, digits: 2))%  loss \(NumberText.fixed(score.loss, digits: 4))"
        )
    }
}
