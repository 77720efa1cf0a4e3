import CKernels
import KernelCases

/// Convolution as it is least likely to go wrong: every image is unfolded to a matrix of patches (a row for each output
/// position, its columns in the order of the weights), and OpenBLAS multiplies. What ours is checked against.
struct Im2colConvolution {
    let conv: ConvCase

    private var positions: Int { conv.height.outputSize * conv.width.outputSize }
    private var groupInputs: Int { conv.inChannels / conv.groups }
    private var groupOutputs: Int { conv.outChannels / conv.groups }
    private var patch: Int { groupInputs * conv.height.kernel * conv.width.kernel }

    func forward(x: FloatBuffer, weights: FloatBuffer) -> FloatBuffer {
        let y = FloatBuffer.zeros(conv.outputCount)
        let patches = FloatBuffer.zeros(positions * patch)
        forEachImageAndGroup { image, group in
            unfold(x, image, group, into: patches)
            multiply(
                patches.start, weights.start + group * groupOutputs * patch, y.start + output(image, group),
                shape(m: positions, n: groupOutputs, k: patch, transposeB: true, ldc: conv.outChannels))
        }
        return y
    }

    func backwardData(dy: FloatBuffer, weights: FloatBuffer) -> FloatBuffer {
        let dx = FloatBuffer.zeros(conv.inputCount)
        let patches = FloatBuffer.zeros(positions * patch)
        forEachImageAndGroup { image, group in
            multiply(
                dy.start + output(image, group), weights.start + group * groupOutputs * patch, patches.start,
                shape(m: positions, n: patch, k: groupOutputs, lda: conv.outChannels))
            forEachTap(image, group) { x, p in dx.start[x] += patches.start[p] }
        }
        return dx
    }

    func backwardWeights(x: FloatBuffer, dy: FloatBuffer) -> FloatBuffer {
        let dweights = FloatBuffer.zeros(conv.weightCount)
        let patches = FloatBuffer.zeros(positions * patch)
        forEachImageAndGroup { image, group in
            unfold(x, image, group, into: patches)
            multiply(
                dy.start + output(image, group), patches.start, dweights.start + group * groupOutputs * patch,
                shape(m: groupOutputs, n: patch, k: positions, transposeA: true, lda: conv.outChannels, beta: 1))
        }
        return dweights
    }

    private func shape(
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, lda: Int? = nil, ldc: Int? = nil,
        beta: Float = 0
    ) -> snn_gemm_shape {
        snn_gemm_shape(
            m: m, n: n, k: k, transpose_a: transposeA, transpose_b: transposeB, lda: lda ?? k,
            ldb: transposeB ? k : n, ldc: ldc ?? n, alpha: 1, beta: beta)
    }

    private func multiply(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ shape: snn_gemm_shape
    ) {
        withUnsafePointer(to: shape) { snn_openblas_sgemm($0, a, b, c) }
    }

    private func forEachImageAndGroup(_ body: (_ image: Int, _ group: Int) -> Void) {
        for image in 0..<conv.batch {
            for group in 0..<conv.groups { body(image, group) }
        }
    }

    /// Where the first output of a group in an image is.
    private func output(_ image: Int, _ group: Int) -> Int {
        image * positions * conv.outChannels + group * groupOutputs
    }

    private func unfold(_ x: FloatBuffer, _ image: Int, _ group: Int, into patches: FloatBuffer) {
        patches.start.update(repeating: 0, count: patches.count)
        forEachTap(image, group) { x0, p in patches.start[p] = x.start[x0] }
    }

    /// Every pair of a number of the image and the place in the patches where it is used.
    @inline(__always)
    private func forEachTap(_ image: Int, _ group: Int, _ body: (_ x: Int, _ patches: Int) -> Void) {
        let (height, width) = (conv.height, conv.width)
        let taps = height.kernel * width.kernel
        for position in 0..<positions {
            let outRow = position / width.outputSize
            let outColumn = position % width.outputSize
            for tap in 0..<taps {
                let row = outRow * height.stride + tap / width.kernel * height.dilation - height.padBefore
                let column = outColumn * width.stride + tap % width.kernel * width.dilation - width.padBefore
                guard row >= 0, row < height.size, column >= 0, column < width.size else { continue }
                let pixel = (image * height.size + row) * width.size + column
                for channel in 0..<groupInputs {
                    body(
                        pixel * conv.inChannels + group * groupInputs + channel,
                        position * patch + channel * taps + tap)
                }
            }
        }
    }
}
