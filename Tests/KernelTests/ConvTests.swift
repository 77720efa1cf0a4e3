import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct ConvTests {
    /// Winograd's transforms cost about a bit: 2.2e-6 was the most seen of up to 256 channels. What longer sums round off
    /// grows with the root of their length, where they are not cut: how long the pieces are follows from the caches. With
    /// stride 2 the channels of four images are one sum. In bfloat16 tiles are larger, which costs four bits more, far
    /// below what rounding to bfloat16 does (2e-3): 6e-5 was the most seen.
    static func tolerance(_ conv: ConvCase) -> Double {
        guard withUnsafePointer(to: conv.shape, snn_conv_uses_winograd) else { return 2e-6 }
        let summed = conv.inChannels * conv.height.stride * conv.width.stride
        let hasLargeTiles = conv.bfloat16 && conv.height.stride == 1
        return (hasLargeTiles ? 8e-5 : 4e-6) * max(1, (Double(max(summed, conv.outChannels)) / 256).squareRoot())
    }

    @Test(arguments: ConvCase.all) func outputSizesFollowTheFormula(_ conv: ConvCase) {
        var shape = conv.shape
        #expect(snn_conv_out_height(&shape) == conv.height.outputSize)
        #expect(snn_conv_out_width(&shape) == conv.width.outputSize)
    }

    @Test(arguments: ConvCase.filtered + ConvCase.largeFiltered) func casesOfFilteringAreFiltered(_ conv: ConvCase) {
        #expect(withUnsafePointer(to: conv.shape, snn_conv_uses_winograd))
    }

    /// Their packed weights are a number for each of the 100 points of a tile.
    @Test(arguments: ConvCase.largeFiltered) func casesOfLargeTilesHaveThem(_ conv: ConvCase) {
        let plane = conv.inChannels * conv.outChannels * MemoryLayout<Float>.size
        #expect(withUnsafePointer(to: conv.shape, snn_conv_packed_size) >= 100 * plane)
    }

    /// By the tier of AVX-512, where the CPU multiplies pairs of numbers at 16 bits.
    @Test(arguments: ConvCase.narrowFiltered) func casesOfNarrowFilteringAreFiltered(_ conv: ConvCase) {
        defer { snn_isa_override(-1) }
        var shape = conv.shape
        guard snn_isa_override(Int32(SNN_ISA_AVX512.rawValue)), snn_conv_input_format(&shape) == SNN_BFLOAT16 else {
            return
        }
        #expect(snn_conv_uses_winograd(&shape))
        #expect(snn_conv_weights_use_winograd(&shape))
    }

    @Test(arguments: ConvCase.tested) func forwardMatchesReference(_ conv: ConvCase) {
        let x = conv.operand(conv.inputCount, seed: 1)
        let weights = conv.operand(conv.weightCount, seed: 2)
        let bias = randomFloats(conv.outChannels, seed: 3)
        let reference = conv.reference
        let plain = reference.forward(x: doubles(x), weights: doubles(weights), bias: nil)
        let relu = reference.forward(x: doubles(x), weights: doubles(weights), bias: doubles(bias)).map { max($0, 0) }

        onEveryConfiguration(conv) {
            [forward(conv, x, weights, nil), forward(conv, x, weights, bias)]
        } check: { results, isa in
            #expect(matches(results[0], plain, conv), "\(conv) on \(isa)")
            #expect(matches(results[1], relu, conv), "\(conv) with bias and relu on \(isa)")
        }
    }

    @Test(arguments: ConvCase.tested) func backwardDataMatchesReference(_ conv: ConvCase) {
        let dy = conv.operand(conv.outputCount, seed: 4)
        let weights = conv.operand(conv.weightCount, seed: 2)
        let expected = conv.reference.backwardData(dy: doubles(dy), weights: doubles(weights))

        onEveryConfiguration(conv) {
            [backwardData(conv, dy, weights)]
        } check: { results, isa in
            #expect(matches(results[0], expected, conv), "\(conv) on \(isa)")
        }
    }

    @Test(arguments: ConvCase.tested) func backwardWeightsMatchesReference(_ conv: ConvCase) {
        let x = conv.operand(conv.inputCount, seed: 1)
        let dy = conv.operand(conv.outputCount, seed: 4)
        let before = randomFloats(conv.weightCount, seed: 5)
        let expected = conv.reference.backwardWeights(x: doubles(x), dy: doubles(dy))
        let accumulated = zip(expected, before).map { $0 + Double($1) }

        onEveryConfiguration(conv) {
            [
                backwardWeights(conv, x, dy, into: [Float](repeating: .nan, count: conv.weightCount), false),
                backwardWeights(conv, x, dy, into: before, true),
            ]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.tolerance(conv), "\(conv) on \(isa)")
            #expect(relativeError(results[1], accumulated) < Self.tolerance(conv), "\(conv) accumulated on \(isa)")
        }
    }

    /// What the forward pass and the data gradient put out is rounded in bfloat16.
    private func matches(_ results: [Float], _ expected: [Double], _ conv: ConvCase) -> Bool {
        conv.bfloat16
            ? areRounded(results, near: expected, within: Self.tolerance(conv))
            : relativeError(results, expected) < Self.tolerance(conv)
    }

    /// With a bias also ReLU.
    private func forward(_ conv: ConvCase, _ x: [Float], _ weights: [Float], _ bias: [Float]?) -> [Float] {
        var shape = conv.shape
        let format = snn_conv_output_format(&shape)
        let x = encoded(x, snn_conv_input_format(&shape))
        var y = encoded(unwritten(conv.outputCount), format)
        withWorkspace(snn_conv_packed_size(&shape)) { packed in
            snn_conv_pack(&shape, weights, packed)
            withWorkspace(snn_conv_forward_workspace_size(&shape)) { workspace in
                guard let bias else { return snn_conv_forward(&shape, x, packed, nil, &y, workspace) }
                bias.withUnsafeBufferPointer { bias in
                    var epilogue = snn_epilogue(
                        bias: bias.baseAddress, activation: snn_activation(kind: SNN_RELU, parameter: 0))
                    snn_conv_forward(&shape, x, packed, &epilogue, &y, workspace)
                }
            }
        }
        return decoded(y, format)
    }

    private func backwardData(_ conv: ConvCase, _ dy: [Float], _ weights: [Float]) -> [Float] {
        var shape = conv.shape
        let format = snn_conv_input_format(&shape)
        let dy = encoded(dy, snn_conv_output_format(&shape))
        var dx = encoded(unwritten(conv.inputCount), format)
        withWorkspace(snn_conv_packed_transposed_size(&shape)) { packed in
            snn_conv_pack_transposed(&shape, weights, packed)
            withWorkspace(snn_conv_backward_data_workspace_size(&shape)) {
                snn_conv_backward_data(&shape, dy, packed, &dx, $0)
            }
        }
        return decoded(dx, format)
    }

    private func backwardWeights(
        _ conv: ConvCase, _ x: [Float], _ dy: [Float], into before: [Float], _ accumulate: Bool
    ) -> [Float] {
        var shape = conv.shape
        let (x, dy) = (encoded(x, snn_conv_input_format(&shape)), encoded(dy, snn_conv_output_format(&shape)))
        var dweights = before
        withWorkspace(snn_conv_backward_weights_workspace_size(&shape)) {
            snn_conv_backward_weights(&shape, x, dy, accumulate, &dweights, $0)
        }
        return dweights
    }
}

extension ConvCase {
    func operand(_ count: Int, seed: UInt64) -> [Float] {
        randomOperand(count, seed: seed, bfloat16: bfloat16)
    }

    var reference: ReferenceConv {
        ReferenceConv(
            batch: batch, inChannels: inChannels, outChannels: outChannels, groups: groups,
            height: height.reference, width: width.reference)
    }
}

extension ConvCase.Axis {
    fileprivate var reference: ReferenceConv.Axis {
        ReferenceConv.Axis(
            size: size, kernel: kernel, stride: stride, dilation: dilation, padBefore: padBefore, outputSize: outputSize
        )
    }
}
