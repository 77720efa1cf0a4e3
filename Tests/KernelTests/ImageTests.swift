import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct ImageTests {
    /// One or two roundings of float32.
    static let tolerance = 2e-7

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

    @Test func gathersLabels() {
        let labels: [Int32] = [7, -1, 3, 9]
        let indices: [Int32] = [3, 3, 0, 2]
        var out = [Int32](repeating: 0, count: indices.count)
        snn_gather_labels(indices.count, labels, indices, &out)
        #expect(out == [9, 9, 7, 3])
    }
}
