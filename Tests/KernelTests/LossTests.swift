import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct LossTests {
    static let tolerance = 2e-6

    @Test(arguments: LossCase.tested.filter { $0.operations < 1 << 17 }) func crossEntropyMatches(_ loss: LossCase) {
        let (rows, classes) = (loss.rows, loss.classes)
        let logits = loss.logits
        let labels = (0..<rows).map { Int32($0 * 7 % max(classes, 1)) }
        let targets = referenceTargets(classes: classes, labels: labels, smoothing: Double(loss.smoothing))
        let expected = referenceCrossEntropy(
            rows: rows, classes: classes, logits: doubles(logits), targets: targets)
        let scale = Float(0.125)
        onEveryConfiguration(loss) {
            var gradient = logits
            let hard = withWorkspace(snn_loss_workspace_size(rows, classes)) { workspace in
                gradient.withUnsafeMutableBufferPointer {
                    snn_cross_entropy(
                        rows, classes, loss.smoothing, scale, $0.baseAddress, labels, $0.baseAddress, workspace)
                }
            }
            let withoutGradient = withWorkspace(snn_loss_workspace_size(rows, classes)) {
                snn_cross_entropy(rows, classes, loss.smoothing, scale, logits, labels, nil, $0)
            }
            var softGradient = [Float](repeating: .nan, count: logits.count)
            let soft = withWorkspace(snn_loss_workspace_size(rows, classes)) {
                snn_cross_entropy_soft(rows, classes, 0, scale, logits, targets.map(Float.init), &softGradient, $0)
            }
            let oneHot = referenceTargets(classes: classes, labels: labels, smoothing: 0).map(Float.init)
            var smoothedGradient = softGradient
            let smoothed = withWorkspace(snn_loss_workspace_size(rows, classes)) {
                snn_cross_entropy_soft(
                    rows, classes, loss.smoothing, scale, logits, oneHot, &smoothedGradient, $0)
            }
            return [
                [hard, withoutGradient, soft, smoothed].flatMap(halves), gradient, softGradient, smoothedGradient,
            ]
        } check: { results, isa in
            let sums = [expected.loss, expected.loss, expected.loss, expected.loss].map { $0 * Double(scale) }
            let gradient = expected.gradient.map { $0 * Double(scale) }
            #expect(relativeError(joined(results[0]), sums) < Self.tolerance, "\(loss) on \(isa)")
            #expect(pointwiseError(results[1], gradient, floor: 0.1) < Self.tolerance, "gradient of \(loss) on \(isa)")
            #expect(
                pointwiseError(results[2], gradient, floor: 0.1) < Self.tolerance, "soft gradient of \(loss) on \(isa)")
            #expect(
                pointwiseError(results[3], gradient, floor: 0.1) < Self.tolerance,
                "smoothed soft gradient of \(loss) on \(isa)")
        }
    }

    @Test func smallLossesKeepTheirDigits() {
        // Most digits of exp(-15) are lost in 1 + exp(-15) as a Float.
        let logits: [Float] = [15, 0, 0, 0, 15, 0]
        let expected = referenceCrossEntropy(
            rows: 2, classes: 3, logits: doubles(logits), targets: [1, 0, 0, 0, 1, 0])
        onEveryConfiguration("small loss") {
            [[Float(withWorkspace(512) { snn_cross_entropy(2, 3, 0, 1, logits, [0, 1], nil, $0) })]]
        } check: { results, isa in
            #expect(relativeError(results[0], [expected.loss]) < Self.tolerance, "\(isa)")
        }
    }

    @Test func notANumberReachesTheLoss() {
        for place in 0..<10 {
            var logits = [Float](repeating: 1, count: 10)
            logits[place] = .nan
            onEveryConfiguration("NaN at \(place)") {
                [[Float(withWorkspace(512) { snn_cross_entropy(1, 10, 0, 1, logits, [3], nil, $0) })]]
            } check: { results, isa in
                #expect(results[0][0].isNaN, "\(isa)")
            }
        }
    }

    @Test(arguments: LossCase.tested.filter { $0.operations < 1 << 17 }) func softmaxMatches(_ loss: LossCase) {
        let (rows, classes) = (loss.rows, loss.classes)
        let x = loss.logits
        let dy = randomFloats(x.count, seed: 2)
        let logarithms = referenceLogSoftmax(rows: rows, classes: classes, x: doubles(x))
        let softmax = referenceSoftmax(rows: rows, classes: classes, x: doubles(x))
        onEveryConfiguration(loss) {
            var y = [Float](repeating: .nan, count: x.count)
            var logY = y
            var dx = dy
            var logDx = dy
            snn_softmax_forward(rows, classes, x, &y)
            snn_log_softmax_forward(rows, classes, x, &logY)
            dx.withUnsafeMutableBufferPointer {
                snn_softmax_backward(rows, classes, y, $0.baseAddress, $0.baseAddress)
            }
            logDx.withUnsafeMutableBufferPointer {
                snn_log_softmax_backward(rows, classes, logY, $0.baseAddress, $0.baseAddress)
            }
            return [y, logY, dx, logDx]
        } check: { results, isa in
            // The gradients are those at the results, which are rounded themselves.
            let dx = referenceSoftmaxBackward(rows: rows, classes: classes, y: doubles(results[0]), dy: doubles(dy))
            let logDx = referenceLogSoftmaxBackward(
                rows: rows, classes: classes, y: doubles(results[1]), dy: doubles(dy))
            #expect(pointwiseError(results[0], softmax, floor: 1e-30) < Self.tolerance, "\(loss) on \(isa)")
            #expect(relativeError(results[1], logarithms) < Self.tolerance, "logarithm of \(loss) on \(isa)")
            #expect(pointwiseError(results[2], dx, floor: 0.1) < Self.tolerance, "dx of \(loss) on \(isa)")
            #expect(pointwiseError(results[3], logDx, floor: 0.1) < Self.tolerance, "log dx of \(loss) on \(isa)")
        }
    }

    @Test(arguments: LossCase.tested.filter { $0.operations < 1 << 17 }) func pointwiseLossesMatch(_ loss: LossCase) {
        let count = loss.rows * loss.classes
        let x = loss.logits
        let targets = randomFloats(count, seed: 2).map { abs($0) }
        let mse = referenceMSE(x: doubles(x), targets: doubles(targets))
        let bce = referenceBCEWithLogits(x: doubles(x), targets: doubles(targets))
        let scale = Float(0.25)
        onEveryConfiguration(loss) {
            var gradients = [[Float](repeating: .nan, count: count), [Float](repeating: .nan, count: count)]
            let sums = withWorkspace(snn_loss_workspace_size(loss.rows, loss.classes)) {
                [
                    snn_mse(count, scale, x, targets, &gradients[0], $0),
                    snn_bce_with_logits(count, scale, x, targets, &gradients[1], $0),
                    snn_mse(count, scale, x, targets, nil, $0),
                    snn_bce_with_logits(count, scale, x, targets, nil, $0),
                ]
            }
            return [sums.flatMap(halves)] + gradients
        } check: { results, isa in
            let sums = joined(results[0]).map(Double.init)
            let factor = Double(scale)
            let expected = [mse.loss, bce.loss, mse.loss, bce.loss].map { $0 * factor }
            for (sum, value) in zip(sums, expected) {
                #expect(abs(sum - value) <= Self.tolerance * value, "\(loss) on \(isa)")
            }
            #expect(relativeError(results[1], mse.gradient.map { $0 * factor }) < Self.tolerance, "\(loss) on \(isa)")
            #expect(relativeError(results[2], bce.gradient.map { $0 * factor }) < Self.tolerance, "\(loss) on \(isa)")
        }
    }

    @Test func countsTheFirstOfEquals() {
        let nan = Float.nan
        let rows: [(logits: [Float], label: Int32, correct: Bool)] = [
            ([1, 3, 2], 1, true), ([1, 3, 3], 1, true), ([1, 3, 3], 2, false), ([0, 0, 0], 0, true),
            ([nan, 3, 2], 1, false), ([1, nan, 2], 1, false), ([1, 2, nan], 1, false), ([nan, nan, nan], 0, false),
            ([-.infinity, -.infinity, 0], 2, true), ([1, 2, .infinity], 2, true), ([1, 2, 3], 3, false),
            ([1, 2, 3], -1, false),
        ]
        for row in rows {
            #expect(snn_count_correct(1, 3, row.logits, [row.label]) == (row.correct ? 1 : 0), "\(row)")
        }
    }

    @Test func countsManyRows() {
        let (rows, classes) = (5000, 10)
        // Few values, so that there are equals.
        let logits = randomFloats(rows * classes, seed: 1).map { ($0 * 4).rounded() }
        let labels = (0..<rows).map { Int32($0 % classes) }
        let expected = referenceCountCorrect(classes: classes, logits: logits, labels: labels)
        #expect(expected > 100)
        onEveryConfiguration("count correct") {
            [[Float(snn_count_correct(rows, classes, logits, labels))]]
        } check: { results, isa in
            #expect(results[0][0] == Float(expected), "\(isa)")
        }
    }

    @Test func findsTheFirstInvalidLabel() {
        #expect(snn_labels_valid(4, 3, [0, 1, 2, 0]) == 4)
        #expect(snn_labels_valid(4, 3, [0, 1, 3, -1]) == 2)
        #expect(snn_labels_valid(4, 3, [0, -1, 3, 7]) == 1)
        #expect(snn_labels_valid(0, 3, []) == 0)
    }

    /// A Double as two Floats, so that its bits are compared among thread counts.
    private func halves(_ x: Double) -> [Float] {
        [Float(bitPattern: UInt32(x.bitPattern >> 32)), Float(bitPattern: UInt32(truncatingIfNeeded: x.bitPattern))]
    }

    private func joined(_ halves: [Float]) -> [Float] {
        stride(from: 0, to: halves.count, by: 2).map {
            Float(Double(bitPattern: UInt64(halves[$0].bitPattern) << 32 | UInt64(halves[$0 + 1].bitPattern)))
        }
    }
}

extension LossCase {
    var logits: [Float] { randomFloats(rows * classes, seed: 1).map { $0 * magnitude } }
}
