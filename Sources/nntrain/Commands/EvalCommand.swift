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
        let images = try saved.normalized(test, from: saved.recipe.dataset.title)
        let views = saved.recipe.views
        if views == .none {
            try printScore(of: saved, on: images, .none)
        } else {
            try printScore(of: saved, on: images, views, "  with test-time views (\(views.rawValue))")
            try printScore(of: saved, on: images, .none, "  without")
        }
    }

    private func printScore(
        of saved: SavedModel, on images: ImageDataset, _ views: TestTimeViews, _ remark: String = ""
    ) throws {
        let score = try saved.model.evaluate(on: images, views: views, precision: saved.precision)
        let accuracy = NumberText.fixed(100 * score.accuracy, digits: 2)
        print("test accuracy \(accuracy)%  loss \(NumberText.fixed(score.loss, digits: 4))\(remark)")
    }
}
