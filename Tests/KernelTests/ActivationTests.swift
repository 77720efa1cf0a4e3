import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct ActivationTests {
    static let tolerance = 2e-6
    /// Of every single number: what the vector functions of simd/math.h lose, and a few roundings.
    static let pointwiseTolerance = 5e-7

    @Test(arguments: ActivationCase.tested.filter { $0.count < 1 << 17 })
    func matchesReference(_ activation: ActivationCase) throws {
        let reference = try #require(ReferenceActivation(rawValue: activation.kind))
        let parameter = Double(activation.parameter)
        let x = randomFloats(activation.count, seed: 1).map { $0 * 8 }
        let dy = randomFloats(activation.count, seed: 2)
        let y = reference.values(doubles(x), parameter: parameter)
        let dx = reference.backward(doubles(x), dy: doubles(dy), parameter: parameter)

        onEveryConfiguration(activation) {
            let forward = run(activation.c, x)
            var results = [forward, gradient(activation.c, snn_activation_backward, x, dy)]
            if snn_activation_invertible(activation.c) {
                results.append(gradient(activation.c, snn_activation_backward_from_output, forward, dy))
            }
            return results
        } check: { results, isa in
            #expect(relativeError(results[0], y) < Self.tolerance, "\(activation) on \(isa)")
            #expect(relativeError(results[1], dx) < Self.tolerance, "gradient of \(activation) on \(isa)")
            // A saturated output was rounded to 1 or nearly, so its derivative is only accurate beside 1.
            if results.count > 2 {
                let error = pointwiseError(results[2], dx, floor: 1)
                #expect(error < Self.tolerance, "gradient from the output of \(activation) on \(isa)")
            }
        }
    }

    /// The very numbers that come of the sum by itself.
    @Test(arguments: ActivationCase.tested.filter { $0.count < 1 << 17 })
    func ofASumAsOfItsResult(_ activation: ActivationCase) {
        let (a, b) = (randomFloats(activation.count, seed: 1), randomFloats(activation.count, seed: 2))
        let y = randomFloats(activation.count, seed: 3)
        let sum = zip(a, b).map { $0 + $1 }
        onEveryConfiguration(activation) {
            var (forward, backward) = (a, b)
            forward.withUnsafeMutableBufferPointer {
                snn_activation_forward_of_sum(activation.c, $0.count, $0.baseAddress, b, $0.baseAddress)
            }
            backward.withUnsafeMutableBufferPointer {
                snn_activation_backward_of_sum(activation.c, $0.count, y, a, $0.baseAddress, $0.baseAddress)
            }
            return [
                forward, backward, run(activation.c, sum),
                gradient(activation.c, snn_activation_backward_from_output, y, sum),
            ]
        } check: { results, isa in
            #expect(sameBits(Array(results[..<2]), Array(results[2...])), "\(activation) on \(isa)")
        }
    }

    /// Every number by itself, from tiny to saturated, so that small results are accurate beside large ones.
    @Test(arguments: ActivationCase.kinds) func isAccurateEverywhere(kind: UInt32, parameter: Float) throws {
        let reference = try #require(ReferenceActivation(rawValue: kind))
        let activation = snn_activation(kind: snn_activation_kind(kind), parameter: parameter)
        // 40 a power of two, from 1e-10 to 82.
        let magnitudes = (0..<1584).map { (i: Int) -> Float in
            Float(sign: .plus, exponent: i / 40, significand: 1e-10 * (1 + Float(i % 40) / 40))
        }
        let x = magnitudes + magnitudes.map { -$0 }
        // The gated ones keep the absolute accuracy of their gate where it goes to 0, and their derivatives cross 0 and
        // multiply the rounding of the gate's argument.
        let isGated = (8...11).contains(kind)
        let slopeTolerance = isGated ? 1e-6 : Self.pointwiseTolerance
        onEveryConfiguration(activation.kind.rawValue) {
            [
                run(activation, x),
                gradient(activation, snn_activation_backward, x, [Float](repeating: 1, count: x.count)),
            ]
        } check: { results, isa in
            let y = reference.values(doubles(x), parameter: Double(parameter))
            let slope = reference.derivatives(doubles(x), parameter: Double(parameter))
            let error = pointwiseError(results[0], y, floor: isGated ? 1 : 1e-36)
            let slopeError = pointwiseError(results[1], slope, floor: isGated ? 1 : 1e-30)
            #expect(error < Self.pointwiseTolerance, "\(reference) on \(isa)")
            #expect(slopeError < slopeTolerance, "derivative of \(reference) on \(isa)")
        }
    }

    @Test(arguments: ReferenceActivation.allCases) func hasItsLimits(_ reference: ReferenceActivation) {
        let activation = snn_activation(kind: snn_activation_kind(reference.rawValue), parameter: 0.5)
        // f(-infinity), f(infinity), f'(-infinity), f'(infinity)
        let limits: [Float] =
            switch reference {
            case .identity: [-.infinity, .infinity, 1, 1]
            case .binaryStep: [0, 1, 0, 0]
            case .sigmoid: [0, 1, 0, 0]
            case .tanh: [-1, 1, 0, 0]
            case .arctan: [-.pi / 2, .pi / 2, 0, 0]
            case .leakyReLU: [-.infinity, .infinity, 0.5, 1]
            case .elu: [-0.5, .infinity, 0, 1]
            case .relu, .gelu, .geluSigmoid, .geluTanh, .silu, .softplus: [0, .infinity, 0, 1]
            }
        onEveryConfiguration(reference.rawValue) {
            let x: [Float] = [-.infinity, .infinity, -.greatestFiniteMagnitude, .greatestFiniteMagnitude, .nan]
            return [run(activation, x), gradient(activation, snn_activation_backward, x, [1, 1, 1, 1, 1])]
        } check: { results, isa in
            let close = zip(results[0].prefix(2) + results[1].prefix(2), limits).allSatisfy {
                $0 == $1 || abs($0 - $1) < 1e-6
            }
            #expect(close, "\(reference) on \(isa): \(results)")
            #expect(results[0][2...3].allSatisfy { !$0.isNaN } && results[1][2...3].allSatisfy(\.isFinite))
            #expect(results[0][4].isNaN || reference == .binaryStep, "\(reference) of NaN on \(isa)")
            // As PyTorch, wherever it is computed: alone, behind a convolution, in a norm.
            #expect(reference != .relu || results[1][4] == 1, "derivative of ReLU at NaN on \(isa)")
        }
    }

    @Test(arguments: ReferenceActivation.allCases) func derivativeAgreesWithDifferences(
        _ reference: ReferenceActivation
    ) {
        let step = 1e-5
        let points = (-60..<60).map { Double($0) / 10 + 0.05 }
        for parameter in [0.01, 0.7] {
            let error = points.map { x in
                let above = reference.value(x + step, parameter: parameter)
                let below = reference.value(x - step, parameter: parameter)
                return abs((above - below) / (2 * step) - reference.derivative(x, parameter: parameter))
            }.max()!
            #expect(error < 1e-9)
        }
    }

    /// A slope of 0 stops what is no number, too.
    @Test func reluStopsEveryGradient() {
        let activation = snn_activation(kind: SNN_RELU, parameter: 0)
        onEveryConfiguration("ReLU") {
            [snn_activation_backward, snn_activation_backward_from_output].map {
                gradient(activation, $0, [-1, 0, 0, 2], [.infinity, .nan, 3, -.infinity])
            }
        } check: { results, isa in
            #expect(results == [[0, 0, 0, -.infinity], [0, 0, 0, -.infinity]], "\(isa)")
        }
    }

    @Test func invertibleKinds() {
        let invertible = ActivationCase.kinds.filter { kind, parameter in
            snn_activation_invertible(snn_activation(kind: snn_activation_kind(kind), parameter: parameter))
        }
        #expect(invertible.map(\.kind) == [0, 1, 2, 3, 5, 6, 12])
    }

    @Test(arguments: PReLUCase.tested.filter { $0.operations < 1 << 17 }) func preluMatchesReference(_ prelu: PReLUCase)
    {
        let count = prelu.rows * prelu.channels
        let x = randomFloats(count, seed: 1)
        let dy = randomFloats(count, seed: 2)
        let slope = randomFloats(prelu.slopes, seed: 3)
        let expected = referencePReLU(
            rows: prelu.rows, channels: prelu.channels, x: doubles(x), slope: doubles(slope), dy: doubles(dy))
        onEveryConfiguration(prelu) {
            var y = [Float](repeating: .nan, count: count)
            var dx = y
            var dslope = [Float](repeating: .nan, count: prelu.slopes)
            snn_prelu_forward(prelu.rows, prelu.channels, prelu.slopes, x, slope, &y)
            withWorkspace(snn_prelu_workspace_size(prelu.rows, prelu.channels)) {
                snn_prelu_backward(prelu.rows, prelu.channels, prelu.slopes, x, slope, dy, &dx, false, &dslope, $0)
            }
            var added = slope
            withWorkspace(snn_prelu_workspace_size(prelu.rows, prelu.channels)) {
                snn_prelu_backward(prelu.rows, prelu.channels, prelu.slopes, x, slope, dy, nil, true, &added, $0)
            }
            return [y, dx, dslope, added]
        } check: { results, isa in
            #expect(relativeError(results[0], expected.y) < Self.tolerance, "\(prelu) on \(isa)")
            #expect(relativeError(results[1], expected.dx) < Self.tolerance, "dx of \(prelu) on \(isa)")
            #expect(relativeError(results[2], expected.dslope) < Self.tolerance, "dslope of \(prelu) on \(isa)")
            let sums = zip(expected.dslope, doubles(slope)).map { $0 + $1 }
            #expect(relativeError(results[3], sums) < Self.tolerance, "added dslope of \(prelu) on \(isa)")
        }
    }

    /// In place, as drivers use it.
    private func run(_ activation: snn_activation, _ x: [Float]) -> [Float] {
        var y = x
        y.withUnsafeMutableBufferPointer {
            if let p = $0.baseAddress { snn_activation_forward(activation, $0.count, p, p) }
        }
        return y
    }

    private func gradient(
        _ activation: snn_activation,
        _ kernel: (
            snn_activation, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
        ) -> Void,
        _ point: [Float], _ dy: [Float]
    ) -> [Float] {
        var dx = [Float](repeating: .nan, count: dy.count)
        kernel(activation, dy.count, point, dy, &dx)
        return dx
    }
}

extension ActivationCase {
    var c: snn_activation { snn_activation(kind: snn_activation_kind(kind), parameter: parameter) }
}
