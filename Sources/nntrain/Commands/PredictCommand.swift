import ArgumentParser
import SwiftNN

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Writes the classes that a saved model predicts, as CSV: index,label.")

    @Argument(help: "The model.safetensors that a training wrote.")
    var model: String

    @Option(help: ArgumentHelp("Images as an IDX file, plain or gzip; else the test set's.", valueName: "file"))
    var images: String?

    @OptionGroup var location: DataOption

    @Option(help: ArgumentHelp("Where the CSV goes.", valueName: "file"))
    var out = "submission.csv"

    func run() throws {
        try checkEnvironment()
        let saved = try SavedModel(from: model)
        let data =
            try images.map(ImageDataset.unlabelled(idx:)) ?? saved.recipe.dataset.load(in: location.data).test
        let input = try saved.normalized(data, from: images ?? saved.recipe.dataset.title)
        let views = saved.recipe.views
        let probabilities = try saved.model.probabilities(for: input, views: views, precision: saved.precision)
        guard probabilities.isFinite else { throw FileError(model, "the model puts out numbers that are not finite") }
        let predictions = probabilities.argmaxOfRows()
        try Submission.write(predictions, columns: ("index", "label"), to: out)
        let remark = views == .none ? "" : " with test-time views (\(views.rawValue))"
        print("wrote \(predictions.count) predictions\(remark) to \(out)")
    }
}
