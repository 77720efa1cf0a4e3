import CKernels
import KernelCases

/// One pass of a pooling; bound by memory, so its rate is in bytes.
struct PoolBenchmark: Benchmark {
    enum Pass: String, CaseIterable {
        case maxForward = "max-forward"
        case maxBackward = "max-backward"
        case averageForward = "average-forward"
        case averageBackward = "average-backward"

        var isForward: Bool { self == .maxForward || self == .averageForward }
        var isMaximum: Bool { self == .maxForward || self == .maxBackward }
    }

    let pool: PoolCase
    let pass: Pass

    static var all: [PoolBenchmark] {
        PoolCase.all.filter(\.measured).flatMap { pool in Pass.allCases.map { PoolBenchmark(pool: pool, pass: $0) } }
    }

    var name: String { pool.description.replacing("pool ", with: "pool \(pass.rawValue) ", maxReplacements: 1) }

    /// The input or its gradient, the output or its gradient, and the indices of the maxima, once each.
    var work: Work {
        let numbers = (pool.inputCount + pool.outputCount) * MemoryLayout<Float>.stride
        let indices = pass.isMaximum ? pool.outputCount * MemoryLayout<UInt16>.stride : 0
        return .bytes(Double(numbers + indices))
    }

    var peerProblem: PeerProblem? {
        let (height, width) = (pool.height, pool.width)
        guard height.padBefore == height.padAfter, width.padBefore == width.padAfter, !pool.ceilMode else { return nil }
        return PeerProblem(
            operation: "pool_\(pass.rawValue)".replacing("-", with: "_"),
            parameters: [
                "batch": pool.batch, "channels": pool.channels, "height": height.size, "width": width.size,
                "kernel_height": height.kernel, "kernel_width": width.kernel, "stride_height": height.stride,
                "stride_width": width.stride, "pad_height": height.padBefore, "pad_width": width.padBefore,
                "count_include_pad": pool.countIncludePad ? 1 : 0,
            ])
    }

    private struct Buffers {
        let x: FloatBuffer, y: FloatBuffer
        let indices: Workspace

        var argmax: UnsafeMutablePointer<UInt16> { indices.start.assumingMemoryBound(to: UInt16.self) }
    }

    func prepare() -> Prepared {
        let buffers = Rotation { makeBuffers(seed: $0) }
        func ours(_ iteration: Int) { withUnsafePointer(to: pool.shape) { run($0, buffers[iteration], pass) } }
        return Prepared(
            error: {
                let set = buffers[0]
                let reference = NaivePooling(pool: pool, maximum: pass.isMaximum)
                // A backward pass overwrites the image that the maxima were found in.
                let expected = reference.forwardAndBackward(x: set.x, dy: set.y)
                ours(0)
                return pass.isForward
                    ? set.y.error(against: expected.y) : set.x.error(against: expected.dx)
            },
            tolerance: 1e-5, ours: ours)
    }

    private func makeBuffers(seed: UInt64) -> Buffers {
        let buffers = Buffers(
            x: .random(pool.inputCount, seed: seed), y: .random(pool.outputCount, seed: seed + 1),
            indices: Workspace(bytes: pool.outputCount * MemoryLayout<UInt16>.stride))
        if pass == .maxBackward {
            let y = FloatBuffer.zeros(pool.outputCount)
            withUnsafePointer(to: pool.shape) { snn_max_pool_forward($0, buffers.x.start, y.start, buffers.argmax) }
        }
        return buffers
    }

    private func run(_ shape: UnsafePointer<snn_pool_shape>, _ set: Buffers, _ pass: Pass) {
        switch pass {
        case .maxForward: snn_max_pool_forward(shape, set.x.start, set.y.start, set.argmax)
        case .maxBackward: snn_max_pool_backward(shape, set.y.start, set.argmax, set.x.start)
        case .averageForward: snn_average_pool_forward(shape, set.x.start, set.y.start)
        case .averageBackward: snn_average_pool_backward(shape, set.y.start, set.x.start)
        }
    }
}

extension PoolCase {
    var inputCount: Int { batch * height.size * width.size * channels }

    var outputCount: Int {
        withUnsafePointer(to: shape) { batch * snn_pool_out_height($0) * snn_pool_out_width($0) * channels }
    }
}
