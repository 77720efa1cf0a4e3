import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct GemmTests {
    static let tolerance = 2e-6

    @Test(arguments: GemmCase.tested) func matchesReference(_ gemm: GemmCase) {
        let shape = gemm.shape
        let a = randomFloats(gemm.m * gemm.k, seed: 1)
        let b = randomFloats(gemm.k * gemm.n, seed: 2)
        let c = randomFloats(gemm.m * gemm.n, seed: 3)
        let bias = randomFloats(gemm.n, seed: 4)
        let expected = referenceGemm(
            m: gemm.m, n: gemm.n, k: gemm.k, transposeA: gemm.transposeA, transposeB: gemm.transposeB,
            alpha: Double(gemm.alpha), beta: Double(gemm.beta), a: doubles(a), b: doubles(b), bias: doubles(bias),
            c: doubles(c))
        let relu = expected.map { max($0, 0) }

        onEveryConfiguration(gemm) {
            [SNN_IDENTITY, SNN_RELU].flatMap { activation in
                [false, true].map { multiply(shape, a, b, bias, c, activation, packsBefore: $0) }
            }
        } check: { results, isa in
            for (index, result) in results.enumerated() {
                let isRelu = index >= 2
                #expect(
                    relativeError(result, isRelu ? relu : expected) < Self.tolerance,
                    "\(gemm)\(isRelu ? " relu" : "")\(index % 2 == 1 ? " packed before" : "") on \(isa)")
            }
        }
    }

    @Test(arguments: GemmCase.tested) func openBLASMatchesReferenceInDouble(_ gemm: GemmCase) {
        guard gemm.m > 0, gemm.n > 0, gemm.k > 0 else { return }
        var shape = gemm.shape
        let a = doubles(randomFloats(gemm.m * gemm.k, seed: 1))
        let b = doubles(randomFloats(gemm.k * gemm.n, seed: 2))
        let c = doubles(randomFloats(gemm.m * gemm.n, seed: 3))
        let expected = referenceGemm(
            m: gemm.m, n: gemm.n, k: gemm.k, transposeA: gemm.transposeA, transposeB: gemm.transposeB,
            alpha: Double(gemm.alpha), beta: Double(gemm.beta), a: a, b: b, bias: nil, c: c)
        var result = c
        snn_openblas_dgemm(&shape, a, b, &result)
        let error = zip(result, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(error < 1e-12)
    }

    @Test func featureOrderReadsChannelsLast() {
        // 2 images of 3 channels x 4 positions: channels-first times W must equal channels-last times W packed in that order.
        let (batch, channels, spatial, out) = (2, 3, 4, 5)
        let features = channels * spatial
        let first = randomFloats(batch * features, seed: 5)
        let weights = randomFloats(out * features, seed: 6)
        var last = first
        snn_transpose(batch, channels, spatial, first, &last)
        var shape = snn_gemm_shape(
            m: batch, n: out, k: features, transpose_a: false, transpose_b: true, lda: features, ldb: features,
            ldc: out, alpha: 1, beta: 0)
        let expected = referenceGemm(
            m: batch, n: out, k: features, transposeA: false, transposeB: true, alpha: 1, beta: 0,
            a: doubles(first), b: doubles(weights), bias: nil, c: [Double](repeating: 0, count: batch * out))
        onEveryConfiguration("feature order") {
            var result = [Float](repeating: .nan, count: batch * out)
            withWorkspace(snn_gemm_packed_size(features, out)) { packed in
                snn_gemm_pack_b(
                    features, out, true, features, snn_feature_order(channels: channels, spatial: spatial), weights,
                    packed)
                withWorkspace(snn_gemm_packed_workspace_size(&shape)) {
                    snn_gemm_packed(&shape, last, packed, nil, &result, $0)
                }
            }
            return [result]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.tolerance, "\(isa)")
        }
    }

    private func multiply(
        _ shape: snn_gemm_shape, _ a: [Float], _ b: [Float], _ bias: [Float], _ c: [Float],
        _ activation: snn_activation_kind, packsBefore: Bool
    ) -> [Float] {
        var shape = shape
        // With beta = 0 the old content of C must not matter, not even NaN.
        var result = shape.beta == 0 ? [Float](repeating: .nan, count: c.count) : c
        bias.withUnsafeBufferPointer { bias in
            var epilogue = snn_epilogue(
                bias: bias.baseAddress, activation: snn_activation(kind: activation, parameter: 0))
            guard packsBefore else {
                withWorkspace(snn_gemm_workspace_size(&shape)) { snn_gemm(&shape, a, b, &epilogue, &result, $0) }
                return
            }
            withWorkspace(snn_gemm_packed_size(shape.k, shape.n)) { packed in
                let order = snn_feature_order(channels: 1, spatial: shape.k)
                snn_gemm_pack_b(shape.k, shape.n, shape.transpose_b, shape.ldb, order, b, packed)
                withWorkspace(snn_gemm_packed_workspace_size(&shape)) {
                    snn_gemm_packed(&shape, a, packed, &epilogue, &result, $0)
                }
            }
        }
        return result
    }
}
