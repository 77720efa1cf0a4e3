import CKernels
import Foundation
import KernelCases

/// Convolution by what every machine has, OpenBLAS: images are unfolded to a matrix of patches (a row for each output
/// position; its columns are taps, and the channels of a tap lie beside each other), which is multiplied with the
/// weights. A rival, and what ours is checked against.
final class Im2colConvolution {
    private let conv: ConvCase
    /// [outChannels, taps, channels of a group]
    private let weights: FloatBuffer
    /// What of it is padding stays zero: an object serves one of the three passes, and no other than `backwardData` writes
    /// there, which does not read it.
    private let patches: FloatBuffer
    /// How many images are unfolded at once.
    private let imagesAtOnce: Int

    private let positions: Int
    private let taps: Int
    private let groupInputs: Int
    private let groupOutputs: Int
    private var patch: Int { taps * groupInputs }

    /// Enough for OpenBLAS's threads, little enough to leave memory for others.
    private static let mostPatches = 8 << 20

    init(conv: ConvCase, weights: FloatBuffer) {
        self.conv = conv
        positions = conv.height.outputSize * conv.width.outputSize
        taps = conv.height.kernel * conv.width.kernel
        (groupInputs, groupOutputs) = (conv.inChannels / conv.groups, conv.outChannels / conv.groups)
        let patch = taps * groupInputs
        imagesAtOnce = max(1, min(conv.batch, Self.mostPatches / max(positions * patch, 1)))
        patches = .zeros(imagesAtOnce * positions * patch)
        self.weights = .zeros(conv.weightCount)
        snn_transpose(conv.outChannels, groupInputs, taps, weights.start, self.weights.start)
    }

    func forward(x: FloatBuffer, y: FloatBuffer) {
        forEachPart { images, group in
            unfold(x, images, group)
            multiply(
                patches.start, weights.start + group * groupOutputs * patch, y.start + output(images, group),
                shape(
                    m: images.count * positions, n: groupOutputs, k: patch, transposeB: true, ldc: conv.outChannels))
        }
    }

    func backwardData(dy: FloatBuffer, dx: FloatBuffer) {
        dx.start.update(repeating: 0, count: dx.count)
        forEachPart { images, group in
            multiply(
                dy.start + output(images, group), weights.start + group * groupOutputs * patch, patches.start,
                shape(m: images.count * positions, n: patch, k: groupOutputs, lda: conv.outChannels))
            forEachTap(images, group) { x, p in
                for channel in 0..<groupInputs { dx.start[x + channel] += patches.start[p + channel] }
            }
        }
    }

    func backwardWeights(x: FloatBuffer, dy: FloatBuffer, dweights: FloatBuffer) {
        forEachPart { images, group in
            unfold(x, images, group)
            multiply(
                dy.start + output(images, group), patches.start, weights.start + group * groupOutputs * patch,
                shape(
                    m: groupOutputs, n: patch, k: images.count * positions, transposeA: true, lda: conv.outChannels,
                    beta: images.lowerBound == 0 ? 0 : 1))
        }
        snn_transpose(conv.outChannels, taps, groupInputs, weights.start, dweights.start)
    }

    private func shape(
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, lda: Int? = nil, ldc: Int? = nil,
        beta: Float = 0
    ) -> snn_gemm_shape {
        snn_gemm_shape(
            m: m, n: n, k: k, transpose_a: transposeA, transpose_b: transposeB, lda: lda ?? k,
            ldb: transposeB ? k : n, ldc: ldc ?? n, alpha: 1, beta: beta, bfloat16: false, rounds: false)
    }

    private func multiply(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ shape: snn_gemm_shape
    ) {
        withUnsafePointer(to: shape) { snn_openblas_sgemm($0, a, b, c) }
    }

    private func forEachPart(_ body: (_ images: Range<Int>, _ group: Int) -> Void) {
        for first in stride(from: 0, to: conv.batch, by: imagesAtOnce) {
            for group in 0..<conv.groups { body(first..<min(first + imagesAtOnce, conv.batch), group) }
        }
    }

    /// Where the first output of a group in the first image is.
    private func output(_ images: Range<Int>, _ group: Int) -> Int {
        images.lowerBound * positions * conv.outChannels + group * groupOutputs
    }

    private func unfold(_ x: FloatBuffer, _ images: Range<Int>, _ group: Int) {
        forEachTap(images, group) { x0, p in
            (patches.start + p).update(from: x.start + x0, count: groupInputs)
        }
    }

    /// Every place in the images where the channels of a tap start, and the place in the patches where they are used;
    /// images at the same time on as many threads as the kernels have.
    @inline(__always)
    private func forEachTap(_ images: Range<Int>, _ group: Int, _ body: (_ x: Int, _ patches: Int) -> Void) {
        let threads = min(Int(snn_thread_count()), images.count)
        // The threads write into different images.
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) let own = self
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for image in stride(from: images.lowerBound + thread, to: images.upperBound, by: threads) {
                own.forEachTap(of: image, at: (image - images.lowerBound) * own.positions, group, body)
            }
        }
    }

    @inline(__always)
    private func forEachTap(of image: Int, at firstRow: Int, _ group: Int, _ body: (_ x: Int, _ patches: Int) -> Void) {
        let (height, width) = (conv.height, conv.width)
        var p = firstRow * patch
        for outRow in 0..<height.outputSize {
            for outColumn in 0..<width.outputSize {
                for tapRow in 0..<height.kernel {
                    let row = outRow * height.stride + tapRow * height.dilation - height.padBefore
                    for tapColumn in 0..<width.kernel {
                        let column = outColumn * width.stride + tapColumn * width.dilation - width.padBefore
                        if row >= 0 && row < height.size && column >= 0 && column < width.size {
                            let pixel = (image * height.size + row) * width.size + column
                            body(pixel * conv.inChannels + group * groupInputs, p)
                        }
                        p += groupInputs
                    }
                }
            }
        }
    }
}
