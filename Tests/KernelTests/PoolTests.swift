import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct PoolTests {
    static let tolerance = 2e-6
    static let cases = PoolCase.tested.filter { $0.operations <= 200_000 }

    @Test(arguments: cases + PoolCase.dilated) func maximumMatchesReference(_ pool: PoolCase) {
        // Few different values, so that windows hold equal maxima.
        let x = randomFloats(pool.reference.inCount, seed: 1).map { ($0 * 4).rounded() / 4 }
        checkMaximum(pool, x)
    }

    @Test(arguments: [PoolCase.cases(overlapping: true), PoolCase.cases(overlapping: false)])
    func maximumPropagatesNaNAndInfinity(_ pool: PoolCase) {
        var x = randomFloats(pool.reference.inCount, seed: 2)
        for i in stride(from: 0, to: x.count, by: 5) { x[i] = [.nan, -.infinity, .infinity][i / 5 % 3] }
        checkMaximum(pool, x)
        checkMaximum(pool, x.map { _ in -.infinity })
    }

    @Test(arguments: cases) func averageMatchesReference(_ pool: PoolCase) {
        let reference = pool.reference
        var shape = pool.shape
        let x = randomFloats(reference.inCount, seed: 3)
        let dy = randomFloats(reference.outCount, seed: 4)
        let y = reference.average(doubles(x))
        let dx = reference.averageGradient(doubles(dy))
        onEveryConfiguration(pool) {
            var (y, dx) = (unwritten(reference.outCount), unwritten(reference.inCount))
            snn_average_pool_forward(&shape, x, &y)
            snn_average_pool_backward(&shape, dy, &dx)
            return [y, dx]
        } check: { results, isa in
            #expect(relativeError(results[0], y) < Self.tolerance, "y of \(pool) on \(isa)")
            #expect(relativeError(results[1], dx) < Self.tolerance, "dx of \(pool) on \(isa)")
        }
    }

    @Test(arguments: cases + PoolCase.dilated) func sizesMatchReference(_ pool: PoolCase) {
        var shape = pool.shape
        #expect(snn_pool_out_height(&shape) == pool.reference.vertical.out)
        #expect(snn_pool_out_width(&shape) == pool.reference.horizontal.out)
    }

    @Test(arguments: [PoolCase.cases(overlapping: true), PoolCase.cases(overlapping: false)])
    func referenceGradientsAreDerivatives(_ pool: PoolCase) {
        let reference = pool.reference
        let x = doubles(randomFloats(reference.inCount, seed: 5))
        let weights = doubles(randomFloats(reference.outCount, seed: 6))
        let maximum = reference.maximumGradient(weights, argmax: reference.maximum(x).argmax)
        let average = reference.averageGradient(weights)
        #expect(
            derivativeError(of: { dot(reference.maximum($0).y, weights) }, at: x, maximum) < 1e-8)
        #expect(
            derivativeError(of: { dot(reference.average($0), weights) }, at: x, average) < 1e-8)
    }

    private func checkMaximum(_ pool: PoolCase, _ x: [Float]) {
        checkMaximum(pool, x, SNN_FLOAT32)
        checkMaximum(pool, roundedToBFloat16(x), SNN_BFLOAT16)
    }

    private func checkMaximum(_ pool: PoolCase, _ x: [Float], _ format: snn_number_format) {
        let reference = pool.reference
        var shape = pool.shape
        shape.numbers = format
        let dy = randomOperand(reference.outCount, seed: 7, bfloat16: format == SNN_BFLOAT16)
        let expected = reference.maximum(x)
        let dx = reference.maximumGradient(doubles(dy), argmax: expected.argmax)
        onEveryConfiguration(pool) {
            var y = encoded(unwritten(reference.outCount), format)
            var (yAlone, dx) = (y, encoded(unwritten(reference.inCount), format))
            var argmax = [UInt16](repeating: .max, count: reference.outCount)
            snn_max_pool_forward(&shape, encoded(x, format), &y, &argmax)
            snn_max_pool_forward(&shape, encoded(x, format), &yAlone, nil)
            snn_max_pool_backward(&shape, encoded(dy, format), argmax, &dx)
            return [decoded(y, format), decoded(yAlone, format), argmax.map(Float.init), decoded(dx, format)]
        } check: { results, isa in
            #expect(relativeError(results[0], doubles(expected.y)) == 0, "y of \(pool) on \(isa)")
            #expect(relativeError(results[1], doubles(expected.y)) == 0, "y without argmax of \(pool) on \(isa)")
            let wrong = zip(results[2], expected.argmax).filter { $1 >= 0 && Int($0) != $1 }
            #expect(wrong.isEmpty, "argmax of \(pool) on \(isa)")
            let isRight =
                format == SNN_BFLOAT16
                ? areRounded(results[3], near: dx, within: Self.tolerance)
                : relativeError(results[3], dx) < Self.tolerance
            #expect(isRight, "dx of \(pool) on \(isa)")
        }
    }
}

extension PoolCase {
    /// A small case for gradients and special values.
    static func cases(overlapping: Bool) -> PoolCase {
        PoolCase(
            batch: 1, channels: 9, Axis(6, kernel: 3, stride: overlapping ? 1 : 3, padBefore: 1),
            Axis(7, kernel: 2, stride: overlapping ? 1 : 3, padBefore: 0, padAfter: 1), countIncludePad: overlapping)
    }

    var reference: ReferencePool {
        ReferencePool(
            batch: batch, channels: channels, vertical: reference(height), horizontal: reference(width),
            countIncludePad: countIncludePad)
    }

    private func reference(_ axis: Axis) -> ReferencePoolAxis {
        ReferencePoolAxis(
            size: axis.size, kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation,
            padBefore: axis.padBefore, padAfter: axis.padAfter, ceilMode: ceilMode)
    }
}
