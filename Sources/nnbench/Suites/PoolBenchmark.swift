import CKernels
import KernelCases
import ReferenceKernels
import SwiftNN

/// One pass of a pooling.
struct PoolBenchmark: Benchmark {
    enum Pass: String, CaseIterable { case forward, backward }

    let pool: PoolCase
    let isMaximum: Bool
    let pass: Pass
    let name: String
    let group: String

    static func all(_ line: ShapeLine) throws -> [PoolBenchmark] {
        let fields = try line.fields(
            kinds: ["max", "average"], required: ["batch", "channels", "size", "kernel"], optional: ["stride", "pad"])
        let (size, kernel) = (try fields.axes("size"), try fields.axes("kernel"))
        let stride = try fields.axes("stride", default: kernel)
        let pad = try fields.axes("pad", default: (0, 0), least: 0)
        let pool = PoolCase(
            batch: try fields.size("batch"), channels: try fields.size("channels"),
            .init(size.height, kernel: kernel.height, stride: stride.height, padBefore: pad.height),
            .init(size.width, kernel: kernel.width, stride: stride.width, padBefore: pad.width), countIncludePad: true)
        guard 2 * pad.height <= kernel.height, 2 * pad.width <= kernel.width else {
            throw line.failure("pad: expected at most half of kernel")
        }
        guard pool.outputCount > 0 else { throw line.failure("expected a kernel that fits into the padded image") }
        return Pass.allCases.map { pass in
            PoolBenchmark(
                pool: pool, isMaximum: fields.kind == "max", pass: pass, name: "pool \(pass.rawValue) \(line.text)",
                group: line.group)
        }
    }

    /// The input or its gradient, the output or its gradient, and the indices of the maxima, once each; an operation for
    /// every tap.
    var work: Work {
        let numbers = (pool.inputCount + pool.outputCount) * MemoryLayout<Float>.stride
        let indices = isMaximum ? pool.outputCount * MemoryLayout<UInt16>.stride : 0
        return .memory(
            bytes: numbers + indices, operations: pool.outputCount * pool.height.kernel * pool.width.kernel)
    }

    private struct Buffers {
        let x: FloatBuffer, y: FloatBuffer
        let indices: Workspace

        var argmax: UnsafeMutablePointer<UInt16> { indices.start.assumingMemoryBound(to: UInt16.self) }
    }

    func prepare() -> Prepared {
        let buffers = Rotation(bytes: 4 * (pool.inputCount + pool.outputCount), .copy, makeBuffers)
        let set = buffers[0]
        // A backward pass overwrites the image that the maxima were found in.
        let (x, dy) = (set.x.scalars, set.y.scalars)
        func ours(_ iteration: Int) { withUnsafePointer(to: pool.shape) { run($0, buffers[iteration]) } }
        return Prepared(
            inputs: [set.x.named("x", xShape), set.y.named("dy", yShape)], problem: problem,
            outputs: {
                ours(0)
                return [pass == .forward ? set.y.named("y", yShape) : set.x.named("dx", xShape)]
            },
            reference: { [reference(doubles(x), dy: doubles(dy))] },
            tolerance: 2e-6, sets: buffers.count, ours: ours)
    }

    private var xShape: [Int] { [pool.batch, pool.height.size, pool.width.size, pool.channels] }
    private var yShape: [Int] {
        let (height, width) = pool.outputSize
        return [pool.batch, height, width, pool.channels]
    }

    private var problem: PeerProblem {
        PeerProblem(
            operation: "pool_\(isMaximum ? "max" : "average")_\(pass.rawValue)",
            parameters: [
                "kernel_height": .size(pool.height.kernel), "kernel_width": .size(pool.width.kernel),
                "stride_height": .size(pool.height.stride), "stride_width": .size(pool.width.stride),
                "pad_height": .size(pool.height.padBefore), "pad_width": .size(pool.width.padBefore),
            ])
    }

    private func makeBuffers(seed: UInt64) -> Buffers {
        let buffers = Buffers(
            x: .random(pool.inputCount, seed: seed), y: .random(pool.outputCount, seed: seed + 1),
            indices: Workspace(bytes: pool.outputCount * MemoryLayout<UInt16>.stride))
        if isMaximum && pass == .backward {
            let y = FloatBuffer.zeros(pool.outputCount)
            withUnsafePointer(to: pool.shape) { snn_max_pool_forward($0, buffers.x.start, y.start, buffers.argmax) }
        }
        return buffers
    }

    private func run(_ shape: UnsafePointer<snn_pool_shape>, _ set: Buffers) {
        switch (isMaximum, pass) {
        case (true, .forward): snn_max_pool_forward(shape, set.x.start, set.y.start, set.argmax)
        case (true, .backward): snn_max_pool_backward(shape, set.y.start, set.argmax, set.x.start)
        case (false, .forward): snn_average_pool_forward(shape, set.x.start, set.y.start)
        case (false, .backward): snn_average_pool_backward(shape, set.y.start, set.x.start)
        }
    }

    private func reference(_ x: [Double], dy: [Double]) -> NamedTensor {
        let pooling = ReferencePool(
            batch: pool.batch, channels: pool.channels, vertical: pool.height.reference,
            horizontal: pool.width.reference, countIncludePad: pool.countIncludePad)
        switch (isMaximum, pass) {
        case (true, .forward): return NamedTensor("y", pooling.maximum(x).y, yShape)
        case (true, .backward):
            return NamedTensor("dx", pooling.maximumGradient(dy, argmax: pooling.maximum(x).argmax), xShape)
        case (false, .forward): return NamedTensor("y", pooling.average(x), yShape)
        case (false, .backward): return NamedTensor("dx", pooling.averageGradient(dy), xShape)
        }
    }
}

extension PoolCase {
    var inputCount: Int { batch * height.size * width.size * channels }

    var outputSize: (height: Int, width: Int) {
        withUnsafePointer(to: shape) { (snn_pool_out_height($0), snn_pool_out_width($0)) }
    }

    var outputCount: Int { batch * outputSize.height * outputSize.width * channels }
}

extension PoolCase.Axis {
    fileprivate var reference: ReferencePoolAxis {
        ReferencePoolAxis(
            size: size, kernel: kernel, stride: stride, dilation: dilation, padBefore: padBefore, padAfter: padAfter,
            ceilMode: false)
    }
}
