import CKernels
import KernelCases

/// Pooling by its definition: what ours is checked against. For sizes rounded down (no ceil mode).
struct NaivePooling {
    let pool: PoolCase
    let maximum: Bool

    /// The output, and the gradient of the input for the gradient `dy` of the output.
    func forwardAndBackward(x: FloatBuffer, dy: FloatBuffer) -> (y: FloatBuffer, dx: FloatBuffer) {
        let y = FloatBuffer.zeros(pool.outputCount)
        let dx = FloatBuffer.zeros(pool.inputCount)
        let (outHeight, outWidth) = withUnsafePointer(to: pool.shape) {
            (snn_pool_out_height($0), snn_pool_out_width($0))
        }
        for image in 0..<pool.batch {
            for position in 0..<(outHeight * outWidth) {
                let rows = taps(of: pool.height, at: position / outWidth)
                let columns = taps(of: pool.width, at: position % outWidth)
                let pixels = rows.flatMap { row in
                    columns.map { ((image * pool.height.size + row) * pool.width.size + $0) * pool.channels }
                }
                let first = (image * outHeight * outWidth + position) * pool.channels
                for channel in 0..<pool.channels {
                    let (value, shares) = window(x, pixels, channel)
                    y.start[first + channel] = value
                    for (pixel, share) in shares { dx.start[pixel + channel] += share * dy.start[first + channel] }
                }
            }
        }
        return (y, dx)
    }

    /// The taps of a window along an axis that are inside the image.
    private func taps(of axis: PoolCase.Axis, at position: Int) -> [Int] {
        (0..<axis.kernel).map { position * axis.stride + $0 * axis.dilation - axis.padBefore }
            .filter { (0..<axis.size).contains($0) }
    }

    /// The value of a window, and the derivatives by its pixels that are not 0.
    private func window(_ x: FloatBuffer, _ pixels: [Int], _ channel: Int) -> (Float, [(Int, Float)]) {
        if maximum {
            var best = (value: -Float.infinity, pixel: 0)
            for pixel in pixels where x.start[pixel + channel] > best.value { best = (x.start[pixel + channel], pixel) }
            return (best.value, [(best.pixel, 1)])
        }
        let count = pool.countIncludePad ? pool.height.kernel * pool.width.kernel : pixels.count
        let share = 1 / Float(count)
        return (pixels.reduce(0) { $0 + x.start[$1 + channel] } * share, pixels.map { ($0, share) })
    }
}
