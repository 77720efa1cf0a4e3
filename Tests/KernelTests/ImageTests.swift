import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct ImageTests {
    /// One or two roundings of float32.
    static let tolerance = 2e-7
    /// Sums of up to a few dozen products.
    static let resizeTolerance = 5e-7

    @Test(arguments: ImageCase.all) func matchesReference(_ image: ImageCase) {
        let total = image.dataSetSize * image.pixels * image.channels
        let images = randomFloats(total, seed: 1).map { UInt8(truncatingIfNeeded: Int($0 * 1_000)) }
        let indices = randomFloats(image.batch, seed: 2).map { Int32(abs($0) * Float(image.dataSetSize)) }
        let scale = randomFloats(image.channels, seed: 3)
        let shift = randomFloats(image.channels, seed: 4)
        let expected = referenceImagesToFloat(
            pixels: image.pixels, channels: image.channels, images: images, indices: indices, scale: doubles(scale),
            shift: doubles(shift))
        onEveryConfiguration(image) {
            var out = [Float](repeating: .nan, count: image.operations)
            snn_images_to_float(image.batch, image.pixels, image.channels, images, indices, scale, shift, &out)
            return [out]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.tolerance, "\(image) on \(isa)")
        }
    }

    @Test(arguments: ResizeCase.all) func resizes(_ resize: ResizeCase) {
        let x = randomFloats(resize.batch * resize.height * resize.width * resize.channels, seed: 5)
        let expected = referenceResize(
            from: (resize.height, resize.width), to: (resize.outHeight, resize.outWidth), channels: resize.channels,
            doubles(x))
        onEveryConfiguration(resize) {
            var shape = resize.shape
            var y = [Float](repeating: .nan, count: expected.count)
            withWorkspace(snn_resize_workspace_size(&shape)) { snn_resize(&shape, x, &y, $0) }
            return [y]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.resizeTolerance, "\(resize) on \(isa)")
        }
    }

    /// Pixels that a position does not see do not matter to it: the first and the last three here.
    @Test func whatIsNotSeenMayBeInfinite() {
        var shape = snn_resize_shape(batch: 1, height: 1, width: 4, channels: 1, out_height: 1, out_width: 8)
        onEveryConfiguration("resize") {
            var y = [Float](repeating: .nan, count: 8)
            withWorkspace(snn_resize_workspace_size(&shape)) { snn_resize(&shape, [1, .infinity, 3, 4], &y, $0) }
            return [y]
        } check: { results, isa in
            #expect(
                results[0].map(\.isFinite) == [true] + Array(repeating: false, count: 4) + [true, true, true], "\(isa)")
        }
    }

    /// The third has more bytes than a block; the last ones more channels than a row of a block has columns, and one row
    /// more than its sums could hold of the largest bytes.
    @Test(arguments: [(0, 3), (1, 1), (1_000_003, 3), (513, 1), (37, 9), (3, 700), (4_097, 513)])
    func channelSums(pixels: Int, channels: Int) {
        let bytes = (0..<pixels * channels).map { $0 % 5 == 0 ? 255 : UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let expected = referenceChannelSums(channels: channels, bytes)
        onEveryConfiguration("\(pixels) x \(channels)") {
            var (sums, squares) = ([UInt64](repeating: 1, count: channels), [UInt64](repeating: 1, count: channels))
            snn_channel_sums(pixels, channels, bytes, &sums, &squares)
            return [halves(sums), halves(squares)]
        } check: { results, isa in
            let isExact = sameBits(results, [halves(expected.sums), halves(expected.squares)])
            #expect(isExact, "\(pixels) x \(channels) on \(isa)")
        }
    }

    /// The bits of numbers as floats have them, which is what results are compared as.
    private func halves(_ numbers: [UInt64]) -> [Float] {
        numbers.flatMap { [Float(bitPattern: UInt32($0 >> 32)), Float(bitPattern: UInt32(truncatingIfNeeded: $0))] }
    }

    @Test func gathersLabels() {
        let labels: [Int32] = [7, -1, 3, 9]
        let indices: [Int32] = [3, 3, 0, 2]
        var out = [Int32](repeating: 0, count: indices.count)
        snn_gather_labels(indices.count, labels, indices, &out)
        #expect(out == [9, 9, 7, 3])
    }
}
