import Foundation
import SwiftNN
import TestSupport
import Testing

@Suite struct PredictionTests {
    static let images = ImageDataset(
        pixels: (0..<5 * 16).map { UInt8(truncatingIfNeeded: $0 * $0 * 7) }, shape: [1, 4, 4],
        labels: [0, 1, 2, 0, 1], classNames: ["a", "b", "c"])

    /// The mean of the outputs for the views that the documentation lists, each made by moving pixels in Swift.
    @Test(arguments: TestTimeViews.allCases) func viewsAreAveraged(views: TestTimeViews) throws {
        let model = Sequential {
            Flatten()
            Linear(16, 3)
            Tanh()
        }
        model.initialize(seed: 2)
        let input = try Self.images.batch(0..<5).input
        let weighted: [(weight: Float, offset: Int, isMirrored: Bool)] =
            switch views {
            case .none: [(1, 0, false)]
            case .mirror: [(0.5, 0, false), (0.5, 0, true)]
            case .mirrorAndShift:
                [
                    (0.25, 0, false), (0.25, 0, true), (0.125, -1, false), (0.125, -1, true), (0.125, 1, false),
                    (0.125, 1, true),
                ]
            }
        var mean = Tensor.zeros([5, 3])
        for view in weighted {
            mean = mean + view.weight * (try model(Self.moved(input, by: view.offset, mirrored: view.isMirrored)))
        }
        let expected = try Softmax()(mean).scalars
        let actual = try model.probabilities(for: Self.images, views: views, batchSize: 2).scalars
        #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-6 } && actual.count == expected.count)
    }

    /// Of batches of 2, 2 and 1.
    @Test func summedLossesAreAveragedOverTheSamples() throws {
        let model = Sequential {
            Flatten()
            Linear(16, 3)
        }
        model.initialize(seed: 2)
        let mean = try model.evaluate(on: Self.images, loss: CrossEntropyLoss(), batchSize: 2)
        let sum = try model.evaluate(on: Self.images, loss: CrossEntropyLoss(reduction: .sum), batchSize: 2)
        #expect(abs(sum.loss - mean.loss) < 1e-6 * mean.loss)
    }

    /// Two labels a sample, of which the first sample's second one is not what the model, which changes nothing, says.
    @Test func everyLabelOfASampleCounts() throws {
        let outputs = Tensor([9, 0, 0, 0, 9, 0, 0, 0, 9, 9, 0, 0], shape: [2, 2, 3])
        let targets = Tensor([1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0], shape: [2, 2, 3])
        let loss = CrossEntropyLoss(targets: .probabilities)
        let score = try Multiply(by: 1).evaluate(on: TensorDataset(outputs, targets: targets), loss: loss)
        #expect(score.accuracy == 0.75)
    }

    @Test func labelsBeyondTheOutputsAreRefused() throws {
        let model = Sequential {
            Flatten()
            Linear(16, 2)
        }
        let error = LabelError(label: 2, row: 2, classes: 2)
        #expect(throws: error) { try model.evaluate(on: Self.images, views: .mirror) }
        #expect(throws: error) { try model.evaluate(on: Self.images, loss: CrossEntropyLoss()) }
    }

    @Test func aProbabilityOfZeroCostsNoMoreThan100() {
        let score = Evaluation(probabilities: Tensor([1, 0, 1, 0], shape: [2, 2]), labels: [0, 1])
        #expect(score == Evaluation(loss: 50, accuracy: 0.5))
    }

    /// The label is right by the first sample alone.
    @Test func whatIsNotANumberIsNotRight() {
        let score = Evaluation(probabilities: Tensor([1, 0, .nan, .nan], shape: [2, 2]), labels: [0, 0])
        #expect(score.loss.isNaN)
        #expect(score.accuracy == 0.5)
    }

    /// A data set that has both; the loss takes what it is for.
    @Test func labelsAndTargetsTogether() throws {
        let data = TensorDataset(
            Tensor([9, 0, 0, 9], shape: [2, 2]), labels: [0, 1], targets: Tensor([9, 0, 0, 9], shape: [2, 2]))
        #expect(try Identity().evaluate(on: data, loss: CrossEntropyLoss()).accuracy == 1)
        #expect(try Identity().evaluate(on: data, loss: MSELoss()).loss == 0)
    }

    private static func moved(_ images: Tensor, by offset: Int, mirrored: Bool) -> Tensor {
        func reflect(_ position: Int) -> Int { position < 0 ? -position : position > 3 ? 6 - position : position }
        var result = Tensor.zeros(images.shape)
        for image in 0..<images.shape[0] {
            for y in 0..<4 {
                for x in 0..<4 {
                    let column = mirrored ? 3 - x : x
                    result[image, 0, y, x] = images[image, 0, reflect(y + offset), reflect(column + offset)]
                }
            }
        }
        return result
    }

    private let logits: [[Double]] = [[2, -1], [0.5, 1.5], [-3, 0], [1, 0], [4, 5]]
    private let labels: [Int32] = [0, 1, 0, 0, 1]

    private var data: TensorDataset {
        TensorDataset(Tensor(logits.joined().map(Float.init), shape: [5, 2]), labels: labels)
    }

    private var expected: [[Double]] {
        logits.map { row in row.map { exp($0) / row.reduce(0) { $0 + exp($1) } } }
    }

    @Test func probabilities() throws {
        let actual = try Identity().probabilities(for: data, batchSize: 2)
        expectClose(
            actual, Tensor(expected.joined().map(Float.init), shape: [5, 2]), tolerance: 1e-6, "probabilities")
    }

    @Test func evaluation() throws {
        let score = try Identity().evaluate(on: data, loss: CrossEntropyLoss(), batchSize: 2)
        let losses = zip(expected, labels).map { -log($0[Int($1)]) }
        #expect(abs(score.loss - losses.reduce(0, +) / 5) < 1e-6)
        #expect(score.accuracy == 0.8)
    }

    @Test func evaluationOfProbabilities() throws {
        let probabilities = Tensor(expected.joined().map(Float.init), shape: [5, 2])
        let score = Evaluation(probabilities: probabilities, labels: labels)
        let losses = zip(expected, labels).map { -log($0[Int($1)]) }
        #expect(abs(score.loss - losses.reduce(0, +) / 5) < 1e-6)
        #expect(score.accuracy == 0.8)
    }
}
