import ArgumentParser
import SwiftNN

/// A model with everything that its training needs. One file each, hyper-parameters on top, evidence in its header.
struct Recipe: Sendable {
    let name: String
    let dataset: DatasetName
    let summary: String
    var epochs: Int
    var batchSize: Int
    var rule: any UpdateRule
    let schedule: any Schedule
    let loss: CrossEntropyLoss
    /// How the training images are changed at random.
    var augmentation: ImageAugmentation?
    /// Which views of an image the trained model is asked about.
    var views = TestTimeViews.none
    /// What the model takes over from the training images before it learns.
    var prepare: @Sendable (Sequential, ImageDataset) throws -> Void = { _, _ in }
    /// Which parameters learn by which variant of the rule.
    var groups: @Sendable (Sequential, any UpdateRule, Precision) -> [ParameterGroup] = { model, rule, _ in
        [ParameterGroup(model.parameters, rule)]
    }
    /// What the plans and, where it can, the optimizer compute with.
    var precision = Precision.float32
    /// The largest learning rate of the first group, where it is not to be the recipe's own; those of the other groups scale
    /// along.
    var learningRate: Float?
    /// The small model that chooses what of each batch is learned from; nil learns from all.
    var proxy: Proxy?
    /// What goes along with each training.
    var callbacks: @Sendable () -> [any TrainerCallback] = { [] }
    let makeModel: @Sendable () -> Sequential

    /// A model that is trained in the same way beside the recipe's, for `HardExamples`.
    struct Proxy: Sendable {
        let summary: String
        var part = 0.5
        var learnsEvery = 4
        let makeModel: @Sendable () -> Sequential
    }

    /// The default of each data set first.
    static let all: [Recipe] = [
        .fashionMNISTMLP, .mnistMLP, .cifar10Fast, .cifar10Accurate, .cifar10Best, .cifar10Course,
    ]

    static func of(_ dataset: DatasetName) -> [Recipe] { all.filter { $0.dataset == dataset } }

    /// The recipe of that name, or the data set's default.
    static func find(_ name: String?, of dataset: DatasetName) throws -> Recipe {
        let recipes = of(dataset)
        guard let found = name.map({ name in recipes.first { $0.name == name } }) ?? recipes.first else {
            throw ValidationError(
                "no recipe \(name ?? "") for \(dataset.rawValue): there is \(recipes.map(\.name).joined(separator: ", "))"
            )
        }
        return found
    }

    /// The recipes with their summaries, for `--help`.
    static func list(of dataset: DatasetName) -> String {
        "RECIPES\n" + of(dataset).map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
    }

    /// What an optimizer of the model takes.
    func parameterGroups(of model: Sequential) -> [ParameterGroup] {
        let own = groups(model, rule, precision)
        guard let learningRate, let first = own.first else { return own }
        return own.map { group in
            var rule = group.rule
            rule.lr *= learningRate / first.rule.lr
            return ParameterGroup(group.parameters, rule)
        }
    }

    /// The largest of the first group.
    var largestRate: Float { parameterGroups(of: makeModel()).first?.rule.lr ?? 0 }

    /// What the report shows.
    var hyperParameters: [(name: String, value: String)] {
        [
            ("epochs", "\(epochs)"), ("batch size", "\(batchSize)"),
            ("optimizer", parameterGroups(of: makeModel()).map(\.rule.description).joined(separator: ", ")),
            ("schedule", "\(schedule)"), ("label smoothing", "\(loss.labelSmoothing)"),
            ("test-time views", views.rawValue),
            ("augmentation", "\(augmentation?.description ?? "none")"),
            ("learned from", proxy?.description ?? "all samples"),
        ]
    }
}

extension Recipe {
    /// - Throws: `FileError` at `place` where the images do not fit the model.
    func requireFit(_ model: Sequential, _ data: ImageDataset, from place: String) throws {
        do {
            _ = try Plan(model, inputShape: [1] + data.shape)
        } catch let error as ShapeError {
            throw FileError(place, "images of \(data.shape) do not fit the recipe \(name): \(error)")
        }
    }
}

extension Recipe.Proxy: CustomStringConvertible {
    var description: String {
        "the hardest \(Int((100 * part).rounded())) % of each batch for \(summary), which learns every \(learnsEvery) steps"
    }
}
