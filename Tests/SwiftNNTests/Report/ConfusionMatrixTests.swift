import SwiftNN
import Testing

@Suite struct ConfusionMatrixTests {
    private let labels: [Int32] = [0, 0, 0, 1, 1, 2]
    private let predictions = [0, 0, 1, 1, 0, 1]

    @Test func counts() throws {
        let matrix = try ConfusionMatrix(labels: labels, predictions: predictions, classCount: 4)
        let counts = (0..<4).map { label in (0..<4).map { matrix[label: label, prediction: $0] } }
        #expect(counts == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
        #expect((matrix.sampleCount, matrix.correctCount) == (6, 3))
        #expect(matrix.accuracy == 0.5)
        #expect((0..<4).map(matrix.recall) == [2.0 / 3, 0.5, 0, nil])
        #expect((0..<4).map(matrix.precision) == [2.0 / 3, 1.0 / 3, nil, nil])
    }

    @Test func nothingCounted() throws {
        let matrix = try ConfusionMatrix(labels: [Int](), predictions: [Int](), classCount: 2)
        #expect(matrix.accuracy == nil)
    }

    @Test func refusesClassesThatAreNone() {
        func problem(_ labels: [some BinaryInteger], _ predictions: [Int]) -> String? {
            #expect(throws: LabelError.self) {
                try ConfusionMatrix(labels: labels, predictions: predictions, classCount: 3)
            }?.description
        }
        #expect(problem([0, 0, 3], [0, 0, 0]) == "label 3 of row 2 is outside of 0 ..< 3")
        #expect(problem([0], [-1]) == "label -1 of row 0 is outside of 0 ..< 3")
        #expect(problem([UInt64.max], [0]) == "label 2147483647 of row 0 is outside of 0 ..< 3")
    }

    @Test func findsTheSurestMistakes() {
        let probabilities = Tensor([0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.2, 0.8, 0.6, 0.4], shape: [5, 2])
        func mistakes(_ count: Int) -> [Mistake] {
            Mistake.mostConfident(count, labels: [Int32]([1, 1, 0, 0, 1]), probabilities: probabilities) {
                Picture(width: 1, height: 1, channels: 1, pixels: [UInt8($0)])
            }
        }
        #expect(mistakes(9).map(\.sample) == [0, 3, 2, 4])
        #expect(mistakes(2).map(\.picture.pixels) == [[0], [3]])
        #expect(mistakes(2).map(\.label) == [1, 0])
        #expect(mistakes(2).map(\.prediction) == [0, 1])
        #expect(mistakes(2).map { Float($0.confidence) } == [0.9, 0.8])
    }

    @Test func equalConfidencesStayInOrder() {
        let probabilities = Tensor(repeating: 0.5, shape: [40, 2])
        let mistakes = Mistake.mostConfident(5, labels: Array(repeating: 1, count: 40), probabilities: probabilities) {
            _ in
            Picture(width: 1, height: 1, channels: 1, pixels: [0])
        }
        #expect(mistakes.map(\.sample) == [0, 1, 2, 3, 4])
    }
}
