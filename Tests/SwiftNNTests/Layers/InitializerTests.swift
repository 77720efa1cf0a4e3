import Foundation
import SwiftNN
import Testing

/// Initialisers by their mean, deviation and bounds over many numbers.
@Suite struct InitializerTests {
    @Test func diracKeepsTheRestOfAnotherInitializer() {
        let weights = Initializer.dirac(rest: .constant(7)).makeTensor([3, 2, 1, 3], 1)
        #expect(weights.scalars == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0] + Array(repeating: 7, count: 6))
    }

    /// Linear [out, in] and convolution [out, in, kernel...] with their fans.
    static let shapes: [(shape: [Int], fanIn: Float, fanOut: Float)] = [
        ([300, 200], 200, 300), ([40, 30, 5, 7], 1050, 1400), ([64, 128, 3], 384, 192),
    ]

    @Test(arguments: shapes) func keepsTheDeviationOfItsDefinition(shape: [Int], fanIn: Float, fanOut: Float) {
        let gain = Float(2).squareRoot()
        let normal: [(Initializer, Float)] = [
            (.normal(mean: 0, deviation: 0.5), 0.5), (.kaimingNormal(), gain / fanIn.squareRoot()),
            (.kaimingNormal(gain: 1, fan: .out), 1 / fanOut.squareRoot()),
            (.xavierNormal(), (2 / (fanIn + fanOut)).squareRoot()),
        ]
        for (initializer, deviation) in normal {
            let moments = Moments(initializer.makeTensor(shape, 3))
            #expect(abs(moments.deviation / deviation - 1) < 0.02)
            #expect(abs(moments.mean) < 0.03 * deviation)
            #expect(moments.largest > 3 * deviation)
        }
        let uniform: [(Initializer, Float)] = [
            (.uniform(low: -2, high: 2), 2), (.kaimingUniform(), gain * (3 / fanIn).squareRoot()),
            (.kaimingUniform(gain: 2, fan: .out), 2 * (3 / fanOut).squareRoot()),
            (.xavierUniform(gain: 3), 3 * (6 / (fanIn + fanOut)).squareRoot()),
            (.pytorchDefault, 1 / fanIn.squareRoot()),
        ]
        for (initializer, bound) in uniform {
            let moments = Moments(initializer.makeTensor(shape, 4))
            #expect(moments.largest <= bound && moments.largest > 0.99 * bound)
            #expect(abs(moments.deviation / (bound / Float(3).squareRoot()) - 1) < 0.02)
            #expect(abs(moments.mean) < 0.03 * bound)
        }
    }

    @Test func biasesUseTheFanOfTheirWeights() throws {
        let bias = try #require(Conv2d(3, 5000, kernelSize: 5).bias)
        let moments = Moments(bias.value)
        let bound = 1 / Float(75).squareRoot()
        #expect(moments.largest <= bound && moments.largest > 0.99 * bound)
    }

    @Test func constants() {
        #expect(Initializer.zeros.makeTensor([2], 0).scalars == [0, 0])
        #expect(Initializer.ones.makeTensor([2], 0).scalars == [1, 1])
        #expect(Initializer.constant(3).makeTensor([2], 0).scalars == [3, 3])
    }

    @Test func diracCopiesChannels() throws {
        let conv = Conv2d(3, 4, kernelSize: .init(3, 5), padding: .same, bias: false, initializer: .dirac)
        let x = Tensor.uniform([2, 3, 4, 6], seed: 1)
        let y = try conv(x)
        for n in 0..<2 {
            let (input, output) = (x[rows: n..<n + 1].scalars, y[rows: n..<n + 1].scalars)
            #expect(Array(output.prefix(72)) == input)
            #expect(output.dropFirst(72).allSatisfy { $0 == 0 })
        }
        let sequence = Tensor.uniform([1, 2, 5], seed: 2)
        #expect(try Conv1d(2, 2, kernelSize: 3, padding: .same, bias: false, initializer: .dirac)(sequence) == sequence)
    }

    @Test func theSameSeedGivesTheSameModel() {
        func model() -> Sequential {
            Sequential {
                Linear(7, 5)
                BatchNorm1d(5)
                Linear(5, 5)
            }
        }
        let (a, b) = (model(), model())
        a.initialize(seed: 1)
        b.initialize(seed: 1)
        #expect(a.state == b.state)
        b.initialize(seed: 2)
        #expect(a.state != b.state)
        #expect(a.layers[0].namedParameters[0].parameter.value != a.layers[2].namedParameters[0].parameter.value)
    }

    private struct Moments {
        let mean: Float, deviation: Float, largest: Float

        init(_ tensor: Tensor) {
            let numbers = tensor.scalars
            let count = Float(numbers.count)
            mean = numbers.reduce(0, +) / count
            let squares = numbers.reduce(Float(0)) { $0 + $1 * $1 } / count
            deviation = (squares - mean * mean).squareRoot()
            largest = numbers.reduce(0) { max($0, abs($1)) }
        }
    }
}
