import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct RandomTests {
    static let tolerance = 1e-6

    /// The vectors of kat_vectors in Random123.
    @Test func referenceGivesTheKnownAnswers() {
        #expect(
            referencePhilox(counter: [0, 0, 0, 0], key: [0, 0])
                == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(
            referencePhilox(counter: [.max, .max, .max, .max], key: [.max, .max])
                == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            referencePhilox(
                counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test(arguments: RandomCase.tested.filter { $0.count < 1 << 17 }) func bitsMatchReference(_ random: RandomCase) {
        let expected = referenceRandomBits(seed: random.seed, offset: random.offset, count: random.count)
        onEveryConfiguration(random) {
            var bits = [UInt32](repeating: 0, count: random.count)
            snn_random_bits(random.seed, random.offset, random.count, &bits)
            return [bits.map(Float.init(bitPattern:))]
        } check: { results, isa in
            #expect(results[0].map(\.bitPattern) == expected, "\(random) on \(isa)")
            let pair = referenceRandomBits(seed: random.seed, offset: 2 * (random.offset / 2), count: 2)
            let wide = snn_random_u64(random.seed, random.offset / 2)
            #expect(wide == UInt64(pair[0]) | UInt64(pair[1]) << 32, "64 bits of \(random) on \(isa)")
        }
    }

    @Test(arguments: RandomCase.tested.filter { $0.count < 1 << 17 }) func numbersMatchReference(_ random: RandomCase) {
        let bits = referenceRandomBits(seed: random.seed, offset: random.offset, count: random.count)
        let uniform = bits.map { -2 + 3.5 * Double($0 >> 8) / 0x1p24 }
        let normal = referenceRandomNormal(seed: random.seed, offset: random.offset, count: random.count)
        onEveryConfiguration(random) {
            [
                numbers(random.count) { snn_random_uniform(random.seed, random.offset, random.count, -2, 1.5, $0) },
                numbers(random.count) { snn_random_normal(random.seed, random.offset, random.count, 0.25, 0.5, $0) },
            ]
        } check: { results, isa in
            #expect(relativeError(results[0], uniform) < Self.tolerance, "uniform \(random) on \(isa)")
            #expect(
                relativeError(results[1], normal.map { 0.25 + 0.5 * $0 }) < Self.tolerance, "normal \(random) on \(isa)"
            )
        }
    }

    @Test(arguments: [0, 1, 2, 3, 5, 1023, 1024, 1030, 2500]) func twoCallsMakeTheNumbersOfOne(split: Int) {
        let count = 5001
        let kernels: [(UInt64, Int, UnsafeMutablePointer<Float>) -> Void] = [
            { snn_random_uniform(9, $0, $1, -1, 1, $2) },
            { snn_random_normal(9, $0, $1, 3, 2, $2) },
        ]
        onEveryConfiguration(split) {
            kernels.flatMap { kernel in
                [
                    numbers(count) { kernel(77, count, $0) },
                    numbers(count) {
                        kernel(77, split, $0)
                        kernel(77 + UInt64(split), count - split, $0 + split)
                    },
                ]
            }
        } check: { results, isa in
            #expect(results[0] == results[1], "uniform on \(isa)")
            #expect(results[2] == results[3], "normal on \(isa)")
        }
    }

    @Test func uniformStaysBelowItsUpperBound() {
        let last = Float(1).nextUp
        onEveryConfiguration("narrow range") {
            [numbers(4096) { snn_random_uniform(1, 0, 4096, 1, last, $0) }]
        } check: { results, isa in
            #expect(results[0].allSatisfy { $0 == 1 }, "\(isa)")
        }
    }

    /// Within five standard deviations of what independent numbers give.
    @Test func hasTheRightMoments() {
        let count = 1_000_000
        let deviation = 1 / Double(count).squareRoot()
        let uniform = moments(numbers(count) { snn_random_uniform(42, 0, count, 0, 1, $0) })
        #expect(abs(uniform.mean - 0.5) < 5 * deviation * (1 / 12.0).squareRoot())
        #expect(abs(uniform.variance - 1 / 12.0) < 5 * deviation * (1 / 180.0).squareRoot())
        #expect(abs(uniform.covariance) < 5 * deviation / 12)
        let normal = moments(numbers(count) { snn_random_normal(42, 0, count, 0, 1, $0) })
        #expect(abs(normal.mean) < 5 * deviation)
        #expect(abs(normal.variance - 1) < 5 * deviation * 2.0.squareRoot())
        #expect(abs(normal.covariance) < 5 * deviation)
    }

    private func numbers(_ count: Int, _ make: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        var x = [Float](repeating: .nan, count: count)
        x.withUnsafeMutableBufferPointer { if let p = $0.baseAddress { make(p) } }
        return x
    }
}

@Suite struct DropoutTests {
    static let tolerance = 2e-7

    @Test(arguments: RandomCase.tested.filter { $0.count < 1 << 17 }) func matchesReference(_ random: RandomCase) {
        let x = randomFloats(random.count, seed: 1)
        let dy = randomFloats(random.count, seed: 2)
        let p = Double(random.probability)
        let kept = referenceRandomBits(seed: random.seed, offset: random.offset, count: random.count).map {
            Double($0 >> 8) / 0x1p24 >= p
        }
        let y = zip(kept, x).map { $0 ? Double($1) / (1 - p) : 0 }
        let dx = zip(kept, dy).map { $0 ? Double($1) / (1 - p) : 0 }
        onEveryConfiguration(random) {
            let (y, mask) = dropout(x, random.probability, seed: random.seed, offset: random.offset)
            var dx = dy
            dx.withUnsafeMutableBufferPointer {
                if let p = $0.baseAddress { snn_dropout_backward(random.count, random.probability, mask, p, p) }
            }
            return [y, dx, mask.map(Float.init)]
        } check: { results, isa in
            #expect(results[2] == kept.map { $0 ? 1 : 0 }, "mask of \(random) on \(isa)")
            #expect(relativeError(results[0], y) < Self.tolerance, "\(random) on \(isa)")
            #expect(relativeError(results[1], dx) < Self.tolerance, "dx of \(random) on \(isa)")
        }
    }

    @Test(arguments: [Float(0.1), 0.5, 0.8]) func keepsTheRightFraction(probability: Float) {
        let count = 1_000_000
        let x = [Float](repeating: 1 - probability, count: count)
        let kept = moments(dropout(x, probability, seed: 5, offset: 0).y).mean
        let deviation = Double(probability * (1 - probability) / Float(count)).squareRoot()
        #expect(abs(kept - Double(1 - probability)) < 5 * deviation)
    }

    private func dropout(
        _ x: [Float], _ probability: Float, seed: UInt64, offset: UInt64
    ) -> (y: [Float], mask: [UInt8]) {
        var y = [Float](repeating: .nan, count: x.count)
        var mask = [UInt8](repeating: 255, count: x.count)
        snn_dropout_forward(x.count, probability, seed, offset, x, &y, &mask)
        return (y, mask)
    }
}
