import CKernels
import Foundation
import KernelCases
import ReferenceKernels
import Testing

@Suite struct NormTests {
    static let tolerance = 2e-6
    static let cases = NormCase.tested.filter { $0.operations <= 200_000 }
    /// Two that the micro-kernels apply themselves, one with a derivative by its output, one with a derivative by its input.
    static let activations: [ReferenceActivation] = [.identity, .relu, .tanh, .gelu]

    @Test(arguments: cases) func batchNormTrainingMatchesReference(_ norm: NormCase) {
        guard norm.rows > 0 else { return }
        let data = NormData(norm, ofRows: false)
        let unbiased = data.variance.map { $0 * Double(norm.rows) / Double(norm.rows - 1) }
        let runningMean = zip(data.shift, data.mean).map { 0.75 * Double($0) + 0.25 * $1 }
        let runningVariance = zip(data.running, norm.rows > 1 ? unbiased : doubles(data.running))
            .map { 0.75 * Double($0) + 0.25 * $1 }
        for activation in Self.activations {
            onEveryConfiguration(norm) {
                trainBatchNorm(data, activation, affine: true) + [
                    trainBatchNorm(data, activation, affine: false)[0],
                    trainBatchNorm(data, activation, affine: true, addend: data.dy)[0],
                ]
            } check: { results, isa in
                let label = Comment(rawValue: "\(activation) of \(norm) on \(isa)")
                #expect(relativeError(results[0], activation.values(data.y)) < Self.tolerance, label)
                #expect(relativeError(results[1], data.mean) < Self.tolerance, label)
                #expect(relativeError(results[2], data.inverse) < Self.tolerance, label)
                #expect(relativeError(results[3], runningMean) < Self.tolerance, label)
                #expect(relativeError(results[4], runningVariance) < Self.tolerance, label)
                let left = mapped(data.x, mean: results[1], factor: results[5], offset: results[6])
                #expect(relativeError(floats(left), data.y) < Self.tolerance, label)
                #expect(relativeError(results[7], activation.values(data.plain)) < Self.tolerance, label)
                #expect(relativeError(results[8], activation.values(data.sum)) < Self.tolerance, label)
            }
        }
    }

    @Test(arguments: cases) func batchNormInferenceMatchesReference(_ norm: NormCase) {
        let data = NormData(norm, ofRows: false, constantStatistics: true)
        for activation in Self.activations {
            onEveryConfiguration(norm) {
                var shape = data.shape
                var (y, plain, sum) = (unwritten(norm.operations), data.x, data.dy)
                snn_batch_norm_forward_inference(
                    &shape, data.x, data.scale, data.shift, data.floatMean, data.running, nil, activation.c, &y)
                plain.withUnsafeMutableBufferPointer {
                    snn_batch_norm_forward_inference(
                        &shape, $0.baseAddress, nil, nil, data.floatMean, data.running, nil, activation.c,
                        $0.baseAddress)
                }
                sum.withUnsafeMutableBufferPointer {
                    snn_batch_norm_forward_inference(
                        &shape, data.x, data.scale, data.shift, data.floatMean, data.running, $0.baseAddress,
                        activation.c, $0.baseAddress)
                }
                return [y, plain, sum]
            } check: { results, isa in
                let label = Comment(rawValue: "\(activation) of \(norm) on \(isa)")
                #expect(relativeError(results[0], activation.values(data.y)) < Self.tolerance, label)
                #expect(relativeError(results[1], activation.values(data.plain)) < Self.tolerance, label)
                #expect(relativeError(results[2], activation.values(data.sum)) < Self.tolerance, label)
            }
        }
    }

    @Test(arguments: cases) func batchNormBackwardMatchesReference(_ norm: NormCase) {
        checkBatchNormBackward(NormData(norm, ofRows: false), constantStatistics: false)
    }

    @Test(arguments: cases) func batchNormInferenceBackwardMatchesReference(_ norm: NormCase) {
        checkBatchNormBackward(
            NormData(norm, ofRows: false, constantStatistics: true), constantStatistics: true)
    }

    @Test(arguments: cases) func layerNormMatchesReference(_ norm: NormCase) {
        let data = NormData(norm, ofRows: true)
        onEveryConfiguration(norm) {
            var shape = data.shape
            var (y, plain) = (unwritten(norm.operations), unwritten(norm.operations))
            var (mean, inverse) = (unwritten(norm.rows), unwritten(norm.rows))
            snn_layer_norm_forward(&shape, data.x, nil, nil, &mean, &inverse, &plain)
            snn_layer_norm_forward(&shape, data.x, data.scale, data.shift, &mean, &inverse, &y)
            return [y, plain] + (norm.channels > 0 ? [mean, inverse] : [])
        } check: { results, isa in
            let expected = [data.y, data.plain, data.mean, data.inverse]
            for (result, expected) in zip(results, expected) {
                #expect(relativeError(result, expected) < Self.tolerance, "\(norm) on \(isa)")
            }
        }
    }

    @Test(arguments: cases) func layerNormBackwardMatchesReference(_ norm: NormCase) {
        let data = NormData(norm, ofRows: true)
        let dy = doubles(data.dy)
        for variant in BackwardVariant.all {
            let expected = data.gradients(dy, affine: variant.affine)
            onEveryConfiguration(norm) {
                layerNormBackward(data, variant)
            } check: { results, isa in
                check(results, expected, variant, data, dy, "\(norm) \(variant) on \(isa)")
            }
        }
    }

    private func layerNormBackward(_ data: NormData, _ variant: BackwardVariant) -> [[Float]] {
        runBackward(data, variant, workspace: snn_layer_norm_workspace_size) {
            shape, x, dy, scale, dx, dscale, dshift, workspace in
            // Floats alone.
            snn_layer_norm_backward(
                shape, decoded(x, SNN_FLOAT32),
                dy?.assumingMemoryBound(to: Float.self), scale, data.floatMean, data.floatInverse, variant.accumulate,
                dx?.assumingMemoryBound(to: Float.self), dscale, dshift, workspace)
        }
    }

    /// In bfloat16 the very same numbers are rounded.
    @Test(arguments: cases.filter { $0.rows > 0 }) func layerNormRoundsToBFloat16(_ norm: NormCase) {
        var data = NormData(norm, ofRows: true)
        onEveryConfiguration(norm) {
            [SNN_FLOAT32, SNN_ROUNDED].flatMap { format in
                data.shape.numbers = format
                var shape = data.shape
                var (y, mean, inverse) = (unwritten(data.x.count), unwritten(shape.rows), unwritten(shape.rows))
                snn_layer_norm_forward(&shape, data.x, data.scale, data.shift, &mean, &inverse, &y)
                return [y, layerNormBackward(data, BackwardVariant(inPlace: true))[0]]
            }
        } check: { results, isa in
            #expect(sameBits(Array(results[2...]), results[..<2].map(roundedToBFloat16)), "\(norm) on \(isa)")
        }
    }

    /// In bfloat16 the very same numbers are rounded, and are the same at 16 bits.
    @Test(arguments: cases.filter { $0.rows > 0 }, [ReferenceActivation.relu, .gelu])
    func batchNormRoundsToBFloat16(_ norm: NormCase, _ activation: ReferenceActivation) {
        var data = NormData(norm, ofRows: false, rounded: true)
        onEveryConfiguration(norm) {
            [SNN_FLOAT32, SNN_ROUNDED, SNN_BFLOAT16].flatMap { format in
                data.shape.numbers = format
                return outputAndGradients(data, activation)
            }
        } check: { results, isa in
            let kinds = results.count / 3
            let (whole, rounded) = (Array(results[..<kinds]), Array(results[kinds..<2 * kinds]))
            #expect(sameBits(Array(results[(2 * kinds)...]), rounded), "\(activation) of \(norm) at 16 bits on \(isa)")
            #expect(sameBits([rounded[0]], [roundedToBFloat16(whole[0])]), "\(activation) of \(norm) on \(isa)")
            // The gradient in front of GELU was rounded, too; ReLU leaves one that is. Those through statistics are
            // differences of numbers of this size.
            let largest = Double(data.dy.map(abs).max() ?? 0) * (data.inverse.map(abs).max() ?? 0)
            for (gradient, exact) in zip(rounded.dropFirst(), whole.dropFirst()) {
                let isRight =
                    activation == .relu
                    ? sameBits([gradient], [roundedToBFloat16(exact)])
                    : relativeError(gradient, doubles(exact), least: max(largest, 1e-30)) < 0.01
                #expect(isRight, "gradient of \(activation) of \(norm) on \(isa)")
            }
        }
    }

    private func outputAndGradients(_ data: NormData, _ activation: ReferenceActivation) -> [[Float]] {
        let inPlace = BackwardVariant(inPlace: true)
        return [nil, data.dy].map { trainBatchNorm(data, activation, affine: true, addend: $0)[0] }
            + [false, true].map { batchNormBackward(data, activation, inPlace, constantStatistics: $0)[0] }
    }

    @Test(arguments: [false, true]) func referenceGradientsAreDerivatives(ofRows: Bool) {
        let data = NormData(NormCase(rows: 6, channels: 5), ofRows: ofRows)
        let weights = doubles(data.dy)
        func output(_ x: [Double], _ scale: [Double], _ shift: [Double]) -> Double {
            let (mean, variance) = ReferenceNorm.statistics(x, rows: 6, channels: 5, ofRows: ofRows)
            let inverse = variance.map { 1 / ($0 + Double(data.shape.epsilon)).squareRoot() }
            let y = ReferenceNorm.normalise(
                x, rows: 6, channels: 5, ofRows: ofRows, mean: mean, inverse: inverse, scale: scale, shift: shift)
            return dot(y, weights)
        }
        let (x, scale, shift) = (doubles(data.x), doubles(data.scale), doubles(data.shift))
        let gradients = ReferenceNorm.gradients(
            x, dy: weights, rows: 6, channels: 5, ofRows: ofRows, mean: data.mean, inverse: data.inverse, scale: scale)
        #expect(derivativeError(of: { output($0, scale, shift) }, at: x, gradients.x) < 1e-7)
        #expect(derivativeError(of: { output(x, $0, shift) }, at: scale, gradients.scale) < 1e-7)
        #expect(derivativeError(of: { output(x, scale, $0) }, at: shift, gradients.shift) < 1e-7)
    }

    private func trainBatchNorm(
        _ data: NormData, _ activation: ReferenceActivation, affine: Bool, addend: [Float]? = nil
    ) -> [[Float]] {
        var shape = data.shape
        let channels = data.norm.channels
        let format = shape.numbers
        var (y, batch) = (encoded(unwritten(data.x.count), format), BatchStatistics(channels))
        var (runningMean, runningVariance) = (data.shift, data.running)
        withWorkspace(snn_batch_norm_workspace_size(&shape)) { workspace in
            withOptional(affine ? data.scale : nil) { scale in
                withOptional(affine ? data.shift : nil) { shift in
                    batch.withC {
                        snn_batch_norm_forward_training(
                            &shape, encoded(data.x, format), scale, shift, addend.map { encoded($0, format) },
                            activation.c, 0.25, &runningMean, &runningVariance, $0, &y, workspace)
                    }
                }
            }
        }
        return [
            decoded(y, format), batch.mean, batch.inverse, runningMean, runningVariance, batch.factor, batch.offset,
        ]
    }

    private func checkBatchNormBackward(_ data: NormData, constantStatistics: Bool) {
        for activation in Self.activations {
            for variant in BackwardVariant.all {
                let dz = activation.backward(
                    data.activated(affine: variant.affine), dy: doubles(data.dy), parameter: 0)
                let expected = data.gradients(dz, affine: variant.affine)
                onEveryConfiguration(data.norm) {
                    batchNormBackward(data, activation, variant, constantStatistics: constantStatistics)
                } check: { results, isa in
                    check(results, expected, variant, data, dz, "\(activation) of \(data.norm) \(variant) on \(isa)")
                }
            }
        }
    }

    private func batchNormBackward(
        _ data: NormData, _ activation: ReferenceActivation, _ variant: BackwardVariant, constantStatistics: Bool
    ) -> [[Float]] {
        var batch = data.batch(affine: variant.affine)
        return runBackward(data, variant, workspace: snn_batch_norm_workspace_size) {
            shape, x, dy, scale, dx, dscale, dshift, workspace in
            guard constantStatistics else {
                batch.withC {
                    snn_batch_norm_backward(
                        shape, x, dy, $0, activation.c, variant.accumulate, dx, dscale, dshift, workspace)
                }
                return
            }
            withOptional(variant.affine ? data.shift : nil) { shift in
                snn_batch_norm_backward_inference(
                    shape, x, dy, scale, shift, data.floatMean, data.running, activation.c, variant.accumulate, dx,
                    dscale, dshift, workspace)
            }
        }
    }

    /// Calls a backward kernel as the variant says: dx, dscale and dshift, where it writes them.
    private func runBackward(
        _ data: NormData, _ variant: BackwardVariant, workspace: (UnsafePointer<snn_norm_shape>) -> Int,
        kernel: (
            UnsafePointer<snn_norm_shape>, _ x: [UInt8], _ dy: UnsafeRawPointer?,
            _ scale: UnsafePointer<Float>?, _ dx: UnsafeMutableRawPointer?, _ dscale: UnsafeMutablePointer<Float>?,
            _ dshift: UnsafeMutablePointer<Float>?, _ workspace: UnsafeMutableRawPointer
        ) -> Void
    ) -> [[Float]] {
        var shape = data.shape
        let format = shape.numbers
        let (x, dy) = (encoded(data.x, format), encoded(data.dy, format))
        var dx = variant.inPlace ? dy : encoded(unwritten(data.x.count), format)
        var dscale = variant.accumulate ? data.scale : unwritten(data.norm.channels)
        var dshift = variant.accumulate ? data.shift : unwritten(data.norm.channels)
        withWorkspace(workspace(&shape)) { workspace in
            withOptional(variant.affine ? data.scale : nil) { scale in
                dx.withUnsafeMutableBytes { dx in
                    dy.withUnsafeBytes { dy in
                        let dy = variant.inPlace ? UnsafeRawPointer(dx.baseAddress) : dy.baseAddress
                        let dx = variant.wantsInput ? dx.baseAddress : nil
                        if variant.affine {
                            kernel(&shape, x, dy, scale, dx, &dscale, &dshift, workspace)
                        } else {
                            kernel(&shape, x, dy, scale, dx, nil, nil, workspace)
                        }
                    }
                }
            }
        }
        return [variant.wantsInput ? decoded(dx, format) : []] + (variant.affine ? [dscale, dshift] : [])
    }

    private func check(
        _ results: [[Float]], _ expected: ReferenceNorm.Gradients<Double>, _ variant: BackwardVariant, _ data: NormData,
        _ dz: [Double], _ label: String
    ) {
        let label = Comment(rawValue: label)
        // Gradients through statistics are differences of numbers of this size.
        let largest = (dz.map(abs).max() ?? 0) * (data.inverse.map(abs).max() ?? 0)
        if variant.wantsInput {
            #expect(relativeError(results[0], expected.x, least: max(largest, 1e-30)) < Self.tolerance, label)
        }
        guard variant.affine else { return }
        func total(_ gradient: [Double], _ before: [Float]) -> [Double] {
            variant.accumulate ? zip(gradient, before).map { $0 + Double($1) } : gradient
        }
        #expect(relativeError(results[1], total(expected.scale, data.scale), least: 1) < Self.tolerance, label)
        #expect(relativeError(results[2], total(expected.shift, data.shift), least: 1) < Self.tolerance, label)
    }
}

/// How a backward kernel is called.
private struct BackwardVariant: CustomStringConvertible {
    var accumulate = false, inPlace = false, affine = true, wantsInput = true

    static let all = [
        BackwardVariant(), BackwardVariant(accumulate: true, inPlace: true), BackwardVariant(affine: false),
        BackwardVariant(accumulate: true, wantsInput: false),
    ]

    var description: String {
        "accumulate=\(accumulate) inPlace=\(inPlace) affine=\(affine) wantsInput=\(wantsInput)"
    }
}

/// The inputs of one case, and what the reference makes of them.
private struct NormData {
    let norm: NormCase
    var shape: snn_norm_shape
    let x: [Float], dy: [Float], scale: [Float], shift: [Float], running: [Float]
    let mean: [Double], variance: [Double], inverse: [Double]
    /// The statistics as the backward kernels get them.
    let floatMean: [Float], floatInverse: [Float]
    /// With scale and shift, and without.
    let y: [Double], plain: [Double]
    /// y and what is added to it: dy, for one.
    var sum: [Double] { zip(y, dy).map { $0 + Double($1) } }
    private let ofRows: Bool, constantStatistics: Bool

    /// - Parameters:
    ///   - constantStatistics: `running` is the variance, not that of x.
    ///   - rounded: x and dy, to numbers that bfloat16 has.
    init(_ norm: NormCase, ofRows: Bool, constantStatistics: Bool = false, rounded: Bool = false) {
        (self.norm, self.ofRows, self.constantStatistics) = (norm, ofRows, constantStatistics)
        let (rows, channels, epsilon) = (norm.rows, norm.channels, Float(1e-5))
        shape = snn_norm_shape(rows: rows, channels: channels, epsilon: epsilon, numbers: SNN_FLOAT32)
        let numbers = randomFloats(norm.operations, seed: 1).map { norm.mean + norm.deviation * $0 }
        x = rounded ? roundedToBFloat16(numbers) : numbers
        dy = randomOperand(norm.operations, seed: 2, bfloat16: rounded)
        scale = randomFloats(channels, seed: 3)
        shift = randomFloats(channels, seed: 4)
        running = randomFloats(channels, seed: 5).map { norm.deviation * norm.deviation * (1.5 + $0) }
        let statistics = ReferenceNorm.statistics(doubles(x), rows: rows, channels: channels, ofRows: ofRows)
        mean = x.isEmpty ? statistics.mean.map { _ in 0 } : statistics.mean
        variance =
            constantStatistics ? doubles(running) : x.isEmpty ? mean.map { _ in 1 } : statistics.variance
        inverse = variance.map { 1 / ($0 + Double(epsilon)).squareRoot() }
        (floatMean, floatInverse) = (floats(mean), floats(inverse))
        let used = constantStatistics ? doubles(floatMean) : mean
        y = ReferenceNorm.normalise(
            doubles(x), rows: rows, channels: channels, ofRows: ofRows, mean: used, inverse: inverse,
            scale: doubles(scale), shift: doubles(shift))
        plain = ReferenceNorm.normalise(
            doubles(x), rows: rows, channels: channels, ofRows: ofRows, mean: used, inverse: inverse,
            scale: [Double](repeating: 1, count: channels), shift: [Double](repeating: 0, count: channels))
    }

    /// The batch's statistics, with scale and shift or without.
    func batch(affine: Bool) -> BatchStatistics {
        var batch = BatchStatistics(norm.channels)
        (batch.mean, batch.inverse) = (floatMean, floatInverse)
        for c in 0..<norm.channels {
            let factor = affine ? inverse[c] * Double(scale[c]) : inverse[c]
            batch.factor[c] = Float(factor)
            batch.offset[c] = Float((affine ? Double(shift[c]) : 0) - (mean[c] - Double(floatMean[c])) * factor)
        }
        return batch
    }

    /// What goes into the activation, as a backward kernel is to compute it: from the statistics that it gets.
    func activated(affine: Bool) -> [Double] {
        if constantStatistics { return affine ? y : plain }
        let batch = batch(affine: affine)
        return mapped(x, mean: batch.mean, factor: batch.factor, offset: batch.offset)
    }

    func gradients(_ dz: [Double], affine: Bool) -> ReferenceNorm.Gradients<Double> {
        ReferenceNorm.gradients(
            doubles(x), dy: dz, rows: norm.rows, channels: norm.channels, ofRows: ofRows,
            constantStatistics: constantStatistics, mean: doubles(floatMean),
            inverse: constantStatistics ? inverse : doubles(floatInverse),
            scale: affine ? doubles(scale) : [Double](repeating: 1, count: norm.channels))
    }
}

/// What batch norm finds in a batch, as its backward kernel gets it.
private struct BatchStatistics {
    var mean: [Float], inverse: [Float], factor: [Float], offset: [Float]

    init(_ channels: Int) {
        (mean, inverse) = (unwritten(channels), unwritten(channels))
        (factor, offset) = (unwritten(channels), unwritten(channels))
    }

    mutating func withC<R>(_ body: (UnsafePointer<snn_batch_norm_statistics>) -> R) -> R {
        mean.withUnsafeMutableBufferPointer { mean in
            inverse.withUnsafeMutableBufferPointer { inverse in
                factor.withUnsafeMutableBufferPointer { factor in
                    offset.withUnsafeMutableBufferPointer { offset in
                        var c = snn_batch_norm_statistics(
                            mean: mean.baseAddress, inverse_deviation: inverse.baseAddress, factor: factor.baseAddress,
                            offset: offset.baseAddress)
                        return body(&c)
                    }
                }
            }
        }
    }
}

/// (x − mean) · factor + offset in every channel.
private func mapped(_ x: [Float], mean: [Float], factor: [Float], offset: [Float]) -> [Double] {
    x.indices.map { i in
        let c = i % mean.count
        return (Double(x[i]) - Double(mean[c])) * Double(factor[c]) + Double(offset[c])
    }
}

extension ReferenceActivation {
    fileprivate var c: snn_activation { snn_activation(kind: snn_activation_kind(rawValue), parameter: 0) }

    fileprivate func values(_ x: [Double]) -> [Double] { values(x, parameter: 0) }
}
