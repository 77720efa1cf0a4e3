import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct ElementwiseTests {
    /// One or two roundings of float32.
    static let tolerance = 2e-7
    static let factor: Float = -0.3

    @Test(arguments: ElementwiseCase.all) func matchesDefinition(_ elementwise: ElementwiseCase) {
        let count = elementwise.count
        let a = randomFloats(count, seed: 1)
        let b = randomFloats(count, seed: 2)
        let factor = Double(Self.factor)
        let pairs = zip(doubles(a), doubles(b))
        let expected: [[Double]] = [
            pairs.map { $0 + $1 }, pairs.map { $0 * $1 }, pairs.map { $0 * factor + $1 }, a.map { Double($0) * factor },
            pairs.map { $1 + 0.2 * ($0 - $1) }, pairs.map { $1 + 0.9 * ($0 - $1) },
            [Double](repeating: factor, count: count), a.map { min(max(Double($0), -0.25), 0.5) },
        ]
        onEveryConfiguration(elementwise) {
            let sum = written(count) { snn_add(count, a, b, $0) }
            let product = written(count) { snn_multiply(count, a, b, $0) }
            var moved = b
            snn_axpy(count, Self.factor, a, &moved)
            let blended = [Float(0.2), 0.9].map { part in
                var blend = b
                snn_lerp(count, part, a, &blend)
                return blend
            }
            let scaled = written(count) { snn_scale(count, Self.factor, a, $0) }
            let filled = written(count) { snn_fill(count, Self.factor, $0) }
            let clamped = written(count) { snn_clamp(count, -0.25, 0.5, a, $0) }
            return [sum, product, moved, scaled] + blended + [filled, clamped]
        } check: { results, isa in
            for (result, expected) in zip(results, expected) {
                #expect(relativeError(result, expected) < Self.tolerance, "\(elementwise) on \(isa)")
            }
        }
    }

    @Test(arguments: [Float(0), 0.3, 0.5, 0.7, 1]) func blendsExactlyAtTheEnds(part: Float) {
        let (a, b) = (randomFloats(37, seed: 4), randomFloats(37, seed: 5))
        onEveryConfiguration("lerp") {
            var (same, other) = (a, b)
            snn_lerp(37, part, a, &same)
            snn_lerp(37, part, a, &other)
            return [same, other]
        } check: { results, isa in
            #expect(results[0] == a, "\(isa)")
            if part == 0 || part == 1 { #expect(results[1] == (part == 0 ? b : a), "\(isa)") }
        }
    }

    @Test func clampKeepsNaN() {
        onEveryConfiguration("clamp") {
            written(9) { snn_clamp(9, -1, 1, [Float](repeating: .nan, count: 9), $0) }.map { [$0] }
        } check: { results, _ in
            #expect(results.allSatisfy { $0[0].isNaN })
        }
    }

    @Test(arguments: ElementwiseCase.all) func sumsSquaresInDouble(_ elementwise: ElementwiseCase) {
        let count = elementwise.count
        let x = randomFloats(count, seed: 3)
        let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
        onEveryConfiguration(elementwise) {
            let sum = withWorkspace(snn_sum_squares_workspace_size(count)) { snn_sum_squares(count, x, $0) }
            // The plain sum of the reference is what loses digits here.
            #expect(abs(sum - expected) <= 1e-12 * expected)
            // Both halves of the double, so that its bits are compared across thread counts.
            return [
                [
                    Float(bitPattern: UInt32(sum.bitPattern >> 32)),
                    Float(bitPattern: UInt32(truncatingIfNeeded: sum.bitPattern)),
                ]
            ]
        } check: { _, _ in
        }
    }

    @Test(arguments: ElementwiseCase.all) func findsWhatIsNotFinite(_ elementwise: ElementwiseCase) {
        let count = elementwise.count
        let finite = [Float](repeating: -.greatestFiniteMagnitude, count: count)
        let places = Set([0, count / 2, count - 1]).filter { $0 >= 0 && $0 < count }
        onEveryConfiguration(elementwise) {
            #expect(snn_all_finite(count, finite))
            for place in places {
                for value in [Float.nan, .infinity, -.infinity] {
                    var x = finite
                    x[place] = value
                    #expect(!snn_all_finite(count, x))
                }
            }
            return []
        } check: { _, _ in
        }
    }

    private func written(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        var out = [Float](repeating: .nan, count: count)
        out.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { body(start) } }
        return out
    }
}
