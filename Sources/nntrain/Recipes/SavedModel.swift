import SwiftNN

/// A model file that `nntrain` wrote: weights, and in the metadata the recipe that makes the model, the precision that it
/// was trained in and how its inputs were normalised.
struct SavedModel {
    let recipe: Recipe
    let model: Sequential
    let precision: Precision
    let normalization: ChannelStatistics

    private enum Key {
        static let dataset = "dataset"
        static let recipe = "recipe"
        static let precision = "precision"
        static let mean = "mean"
        static let deviation = "deviation"
    }

    init(recipe: Recipe, model: Sequential, precision: Precision, normalization: ChannelStatistics) {
        (self.recipe, self.model, self.precision, self.normalization) = (recipe, model, precision, normalization)
    }

    /// Reads a file.
    ///
    /// - Throws: `FileError` where it is damaged, or not written by `nntrain`, or its recipe has changed.
    init(from path: String) throws {
        let (tensors, metadata) = try Safetensors.read(path)
        func value(_ key: String) throws -> String {
            guard let value = metadata[key] else {
                throw FileError(path, "its metadata has no \"\(key)\": expected a model that nntrain wrote")
            }
            return value
        }
        func numbers(_ key: String) throws -> [Float] {
            let text = try value(key)
            return try text.split(separator: ",").map {
                guard let number = Float($0), number.isFinite else {
                    throw FileError(path, at: "metadata \(key)", "no number: \($0)")
                }
                return number
            }
        }
        let (datasetName, recipeName) = (try value(Key.dataset), try value(Key.recipe))
        guard let dataset = DatasetName(rawValue: datasetName),
            let recipe = Recipe.of(dataset).first(where: { $0.name == recipeName })
        else { throw FileError(path, "there is no recipe \(recipeName) for \(datasetName)") }
        let precisionName = metadata[Key.precision] ?? Precision.float32.rawValue
        guard let precision = Precision(rawValue: precisionName) else {
            throw FileError(path, at: "metadata \(Key.precision)", "there is no precision \(precisionName)")
        }
        (self.recipe, self.precision) = (recipe, precision)
        model = recipe.makeModel()
        try model.load(tensors, readFrom: path)
        let (mean, deviation) = (try numbers(Key.mean), try numbers(Key.deviation))
        guard mean.count == deviation.count else {
            throw FileError(
                path, at: "metadata \(Key.deviation)", "expected \(mean.count) numbers, got \(deviation.count)")
        }
        normalization = ChannelStatistics(mean: mean, deviation: deviation)
    }

    func write(to path: String) throws {
        func text(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
        try model.save(
            to: path,
            metadata: [
                Key.dataset: recipe.dataset.rawValue, Key.recipe: recipe.name, Key.precision: precision.rawValue,
                Key.mean: text(normalization.mean), Key.deviation: text(normalization.deviation),
            ])
    }

    /// A data set normalised as the model's training data were.
    ///
    /// - Throws: `FileError` at `place` where the images do not fit the model.
    func normalized(_ data: ImageDataset, from place: String) throws -> ImageDataset {
        guard data.shape[0] == normalization.mean.count else {
            throw FileError(
                place, "images of \(data.shape[0]) channels: the model was trained on \(normalization.mean.count)")
        }
        try recipe.requireFit(model, data, from: place)
        var data = data
        data.normalization = normalization
        return data
    }
}
