// A checkpoint as a safetensors file. Its tensors are "model.0.weight" by the model's names, "optimizer.0" by the number of
// the parameter and "callback.0.0.weight"; everything else is in the texts of the header. Numbers there are decimal, with
// as many digits as it takes to read back the same bits.

extension Checkpoint {
    private enum Key {
        static let format = "format"
        static let term = "training."
        static let setting = "setting."
        static let epochs = "epochs"
        static let epoch = "epoch."
        static let firstLoss = "first_loss"
        static let steps = "optimizer.steps"
        static let rates = "optimizer.rates"
        static let callbacks = "callbacks"
        static let model = "model."
        static let optimizer = "optimizer."
        static let callback = "callback."
    }

    private static let format = "SwiftNN checkpoint, version 1"

    /// Writes the file, in place of the checkpoint that may be there.
    func write() throws {
        var texts = [
            Key.format: Self.format, Key.epochs: "\(history.count)", Key.callbacks: "\(callbacks.count)",
            Key.steps: optimizer.map { "\($0.step)" }.joined(separator: " "),
            Key.rates: rates.map { "\($0)" }.joined(separator: " "),
        ]
        if let firstLoss { texts[Key.firstLoss] = "\(firstLoss)" }
        for term in terms { texts[Key.term + term.name] = term.value }
        for term in settings { texts[Key.setting + term.name] = term.value }
        for record in history + [record] {
            for (name, value) in record.texts { texts["\(Key.epoch)\(record.epoch).\(name)"] = value }
        }
        try Safetensors.write(tensors, metadata: texts, to: path)
    }

    private var tensors: [NamedTensor] {
        var tensors = model.map { NamedTensor(Key.model + $0.name, $0.tensor) }
        tensors += optimizer.enumerated().map { NamedTensor("\(Key.optimizer)\($0)", $1.numbers) }
        for (index, state) in callbacks.enumerated() {
            tensors += state.map { NamedTensor("\(Key.callback)\(index).\($0.name)", $0.tensor) }
        }
        return tensors
    }

    /// Reads a file. Whether it fits a training is seen when that goes on from it.
    ///
    /// - Throws: `FileError` where the file is missing, damaged or no checkpoint.
    public init(from path: String) throws {
        let (tensors, metadata) = try Safetensors.read(path)
        let texts = CheckpointTexts(path: path, texts: metadata)
        guard metadata[Key.format] == Self.format else {
            throw FileError(
                path, "not a checkpoint (format \(metadata[Key.format] ?? "none"), expected \(Self.format))")
        }
        self.path = path
        let epochs = try texts.value(Key.epochs, in: 0...metadata.count)
        history = try (0..<epochs).map { try EpochRecord(epoch: $0, texts, under: "\(Key.epoch)\($0).") }
        record = try EpochRecord(epoch: epochs, texts, under: "\(Key.epoch)\(epochs).")
        firstLoss = texts.has(Key.firstLoss) ? try texts.value(Key.firstLoss) : nil
        terms = texts.terms(under: Key.term)
        settings = texts.terms(under: Key.setting)
        rates = try texts.values(Key.rates)

        var rest = tensors
        model = rest.take(under: Key.model)
        let callbackCount = try texts.value(Key.callbacks, in: 0...metadata.count)
        callbacks = (0..<callbackCount).map { rest.take(under: "\(Key.callback)\($0).") }
        let steps: [Int] = try texts.values(Key.steps, in: 0...CheckpointTexts.largestCount)
        optimizer = try steps.enumerated().map { index, step in
            let name = "\(Key.optimizer)\(index)"
            guard let numbers = rest.removeValue(forKey: name) else { throw FileError(path, "has no tensor \(name)") }
            return (numbers, step)
        }
        if let unknown = rest.keys.min() { throw FileError(path, at: "tensor \(unknown)", "not of a checkpoint") }
    }
}

extension [String: Tensor] {
    /// Removes the tensors whose names start with `prefix`, and returns them without it.
    mutating func take(under prefix: String) -> [NamedTensor] {
        let names = keys.filter { $0.hasPrefix(prefix) }
        return names.compactMap { name in
            removeValue(forKey: name).map { NamedTensor(String(name.dropFirst(prefix.count)), $0) }
        }
    }
}

/// The texts of a checkpoint's header, read as what they stand for.
private struct CheckpointTexts {
    typealias Number = LosslessStringConvertible & Comparable

    /// Far beyond any count in a training, and sums of some stay far from the largest integer.
    static let largestCount = 1 << 40

    let path: String
    let texts: [String: String]

    func has(_ name: String) -> Bool { texts[name] != nil }

    func value<Value: Number>(_ name: String, in range: ClosedRange<Value>? = nil) throws -> Value {
        try parse(text(name), name, range)
    }

    /// Numbers with spaces between them.
    func values<Value: Number>(_ name: String, in range: ClosedRange<Value>? = nil) throws -> [Value] {
        try text(name).split(separator: " ").map { try parse(String($0), name, range) }
    }

    func terms(under prefix: String) -> [Checkpoint.Term] {
        texts.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map {
            Checkpoint.Term(name: String($0.key.dropFirst(prefix.count)), value: $0.value)
        }
    }

    private func text(_ name: String) throws -> String {
        guard let text = texts[name] else { throw failure(name, "missing") }
        return text
    }

    private func parse<Value: Number>(
        _ text: String, _ name: String, _ range: ClosedRange<Value>?
    ) throws -> Value {
        guard let value = Value(text) else { throw failure(name, "no number: \(text)") }
        if let range, !range.contains(value) { throw failure(name, "\(value) is outside of \(range)") }
        return value
    }

    private func failure(_ name: String, _ problem: String) -> FileError {
        FileError(path, at: "metadata \(name)", problem)
    }
}

extension EpochRecord {
    private enum Key {
        static let steps = "steps"
        static let samples = "samples"
        static let learnedSamples = "learned_samples"
        static let lossSum = "loss_sum"
        static let correct = "correct"
        static let multiplyAdds = "multiply_adds"
        static let seconds = "seconds"
        static let learningRate = "learning_rate"
        static let validationLoss = "validation_loss"
        static let validationAccuracy = "validation_accuracy"
    }

    fileprivate var texts: [String: String] {
        var texts = [
            Key.steps: "\(steps)", Key.samples: "\(samples)", Key.learnedSamples: "\(learnedSamples)",
            Key.lossSum: "\(lossSum)", Key.correct: "\(correct)", Key.multiplyAdds: "\(multiplyAdds)",
            Key.seconds: "\(seconds / .seconds(1))",
            Key.learningRate: "\(learningRate)",
        ]
        if let validation {
            texts[Key.validationLoss] = "\(validation.loss)"
            texts[Key.validationAccuracy] = "\(validation.accuracy)"
        }
        return texts
    }

    fileprivate init(epoch: Int, _ texts: CheckpointTexts, under prefix: String) throws {
        self.init(epoch: epoch)
        func count(_ key: String) throws -> Int { try texts.value(prefix + key, in: 0...CheckpointTexts.largestCount) }
        func double(_ key: String) throws -> Double { try texts.value(prefix + key) }
        (steps, samples) = (try count(Key.steps), try count(Key.samples))
        learnedSamples = try count(Key.learnedSamples)
        multiplyAdds = try texts.value(prefix + Key.multiplyAdds, in: 0...1 << 62)
        lossSum = try double(Key.lossSum)
        correct = try texts.value(prefix + Key.correct, in: 0...Double(CheckpointTexts.largestCount))
        seconds = .seconds(try texts.value(prefix + Key.seconds, in: 0...1e12))
        learningRate = try texts.value(prefix + Key.learningRate)
        if texts.has(prefix + Key.validationLoss) {
            validation = Evaluation(loss: try double(Key.validationLoss), accuracy: try double(Key.validationAccuracy))
        }
    }
}
