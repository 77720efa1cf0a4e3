import SwiftNN
import Testing

@Suite struct MixupTests {
    static let images = ImageDataset(
        pixels: (0..<7 * 4).map { UInt8($0 * 9) }, shape: [1, 2, 2], labels: [0, 1, 2, 0, 1, 2, 0],
        classNames: ["a", "b", "c"])

    /// λ of a batch, from the targets, explains the inputs.
    @Test func inputsAndTargetsAreMixedAlike() throws {
        var seen: Set<Float> = []
        for epoch in 0..<20 {
            let plain = try Self.images.batch(1..<6)
            let mixed = try Mixup(Self.images, alpha: 0.5).batch(1..<6, in: DatasetPass(seed: 1, epoch: epoch))
            let targets = try #require(mixed.targets)
            // Samples 1 and 5 have the classes 1 and 2.
            let own = targets[0, 1]
            #expect((0...1).contains(own) && abs(targets[0, 2] - (1 - own)) < 1e-6)
            let x = plain.input.scalars
            let expected = (0..<20).map { place -> Float in
                let other = x[(4 - place / 4) * 4 + place % 4]
                return own * x[place] + (1 - own) * other
            }
            #expect(zip(mixed.input.scalars, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            // The middle one is mixed with itself.
            #expect(targets[2, 0] == 1)
            seen.insert(own)
        }
        #expect(seen.count == 20)
    }

    /// The mean of Beta(a, a) is 1/2 and its variance 1 / (4 (2a + 1)).
    @Test(arguments: [0.2, 1.0, 3.0, 32]) func weightsHaveTheMomentsOfBeta(alpha: Double) throws {
        let dataset = Mixup(Self.images, alpha: alpha)
        let count = 4_000
        let weights = try (0..<count).map { epoch in
            Double(try #require(try dataset.batch(0..<2, in: DatasetPass(epoch: epoch)).targets)[0, 0])
        }
        let mean = weights.reduce(0, +) / Double(count)
        let variance = weights.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        let expected = 1 / (4 * (2 * alpha + 1))
        #expect(abs(mean - 0.5) < 5 * (expected / Double(count)).squareRoot())
        #expect(abs(variance / expected - 1) < 0.1)
    }

    /// One bright pixel for each class.
    @Test func trainsAndValidatesWithPlainLabels() throws {
        let labels = (0..<30).map { Int32($0 % 3) }
        let images = ImageDataset(
            pixels: labels.flatMap { label in (0..<4).map { $0 == label ? 255 : 0 } }, shape: [1, 2, 2], labels: labels,
            classNames: ["a", "b", "c"])
        let model = Sequential {
            Flatten()
            Linear(4, 3)
        }
        model.initialize(seed: 1)
        let trainer = Trainer(
            model, loss: CrossEntropyLoss(targets: .probabilities), optimizer: Optimizer(SGD(lr: 0.5), model.parameters)
        )
        let history = try trainer.fit(Mixup(images), epochs: 20, batchSize: 10, validation: images)
        #expect(history[19].trainLoss < history[0].trainLoss)
        let plain = try model.evaluate(on: images, loss: CrossEntropyLoss())
        let validation = try #require(history[19].validation)
        #expect(abs(validation.loss - plain.loss) < 1e-6 && validation.accuracy == 1)
    }
}
