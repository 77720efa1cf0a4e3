import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct GemmTests {
    static let tolerance = 2e-6

    @Test(arguments: GemmCase.tested) func matchesReference(_ gemm: GemmCase) {
        let shape = gemm.shape
        let a = operand(gemm, count: gemm.m * gemm.k, seed: 1)
        let b = operand(gemm, count: gemm.k * gemm.n, seed: 2)
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
                    matches(result, isRelu ? relu : expected, gemm),
                    "\(gemm)\(isRelu ? " relu" : "")\(index % 2 == 1 ? " packed before" : "") on \(isa)")
            }
        }
    }

    private func matches(_ result: [Float], _ expected: [Double], _ gemm: GemmCase) -> Bool {
        gemm.rounds
            ? areRounded(result, near: expected, within: Self.tolerance)
            : relativeError(result, expected) < Self.tolerance
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
        #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test(arguments: [
        GemmCase(m: 2, n: 5, k: 12, transposeB: true), GemmCase(m: 2, n: 70, k: 15, transposeB: true, bfloat16: true),
        GemmCase(m: 2, n: 70, k: 15, bfloat16: true),
    ]) func featureOrderReadsChannelsLast(_ gemm: GemmCase) {
        // Images of 3 channels: channels-first times W must equal channels-last times W packed in that order.
        let (batch, out, features) = (gemm.m, gemm.n, gemm.k)
        let (channels, spatial) = (3, features / 3)
        let first = operand(gemm, count: batch * features, seed: 5)
        let weights = operand(gemm, count: out * features, seed: 6)
        var last = first
        snn_transpose(batch, channels, spatial, first, &last)
        var shape = gemm.shape
        let expected = referenceGemm(
            m: batch, n: out, k: features, transposeA: false, transposeB: gemm.transposeB, alpha: 1, beta: 0,
            a: doubles(first), b: doubles(weights), bias: nil, c: [Double](repeating: 0, count: batch * out))
        onEveryConfiguration(gemm) {
            var result = [Float](repeating: .nan, count: batch * out)
            withWorkspace(snn_gemm_packed_size(&shape)) { packed in
                snn_gemm_pack_b(&shape, snn_feature_order(channels: channels, spatial: spatial), weights, packed)
                withWorkspace(snn_gemm_packed_workspace_size(&shape)) {
                    snn_gemm_packed(&shape, last, packed, nil, &result, $0)
                }
            }
            return [result]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.tolerance, "\(gemm) on \(isa)")
        }
    }

    private func operand(_ gemm: GemmCase, count: Int, seed: UInt64) -> [Float] {
        randomOperand(count, seed: seed, bfloat16: gemm.bfloat16)
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
            withWorkspace(snn_gemm_packed_size(&shape)) { packed in
                snn_gemm_pack_b(&shape, snn_feature_order(channels: 1, spatial: shape.k), b, packed)
                withWorkspace(snn_gemm_packed_workspace_size(&shape)) {
                    snn_gemm_packed(&shape, a, packed, &epilogue, &result, $0)
                }
            }
        }
        return result
    }
}
