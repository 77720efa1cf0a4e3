import CKernels
import KernelCases
import SwiftNN

/// One of the three passes of a convolution. The weights are packed beforehand, as a plan does once per update. In bfloat16
/// all that comes in has that precision, and all that goes out but the weights' gradient, as in a plan.
struct ConvBenchmark: Benchmark {
    enum Pass: String, CaseIterable {
        case forward
        case backwardData = "backward-data"
        case backwardWeights = "backward-weights"
    }

    let conv: ConvCase
    let precision: Precision
    let pass: Pass
    let name: String
    let group: String

    static func all(_ line: ShapeLine) throws -> [ConvBenchmark] {
        let fields = try ConvCase.fields(of: line)
        let precision = try fields.precision()
        var conv = try ConvCase(fields)
        conv.bfloat16 = precision == .bfloat16
        return Pass.allCases.map { [conv] pass in
            ConvBenchmark(
                conv: conv, precision: precision, pass: pass, name: "conv \(pass.rawValue) \(line.text)",
                group: line.group)
        }
    }

    private var inputFormat: snn_number_format { withUnsafePointer(to: conv.shape, snn_conv_input_format) }
    private var outputFormat: snn_number_format { withUnsafePointer(to: conv.shape, snn_conv_output_format) }

    private var byteCount: Int {
        conv.inputCount * snn_number_size(inputFormat) + conv.outputCount * snn_number_size(outputFormat)
            + 4 * conv.weightCount
    }

    var work: Work { .arithmetic(conv.operations, in: precision, bytes: byteCount) }

    /// Each pass reads two of x, y and the weights and writes the third.
    struct Buffers {
        let x: FloatBuffer, weights: FloatBuffer, y: FloatBuffer
        /// The same as our kernels take them.
        let ownX: KernelNumbers, ownY: KernelNumbers
        let packed: Workspace
    }

    func prepare() -> Prepared {
        let buffers = Rotation(bytes: byteCount, .multiplyAdd, makeBuffers)
        let workspace = Workspace(bytes: withUnsafePointer(to: conv.shape, workspaceSize))
        let im2col = Im2colConvolution(conv: conv, weights: buffers[0].weights)
        func ours(_ iteration: Int) {
            let set = buffers[iteration]
            withUnsafePointer(to: conv.shape) { run($0, set, workspace.start) }
        }
        func openBLAS(_ iteration: Int) { run(im2col, buffers[iteration]) }
        func ownResult() -> [NamedTensor] {
            ours(0)
            buffers[0].ownX.copyToFloats()
            buffers[0].ownY.copyToFloats()
            return [output(of: buffers[0])]
        }
        func reference() -> [NamedTensor] {
            openBLAS(0)
            return [output(of: buffers[0])]
        }
        return Prepared(
            inputs: inputs(buffers[0]), problem: problem, outputs: ownResult, reference: reference,
            // Sums of up to some 10^5 products, in two orders, one by way of Winograd's transforms.
            tolerance: precision.tolerance(float32: 2e-5),
            // Where the CPU has no instructions for bfloat16, PyTorch rounds the sums of every tap or image to it.
            peerTolerance: precision == .bfloat16 ? 0.05 : nil, sets: buffers.count, ours: ours, openBLAS: openBLAS)
    }

    private var problem: PeerProblem {
        let (height, width) = (conv.height, conv.width)
        return PeerProblem(
            operation: "conv_\(pass.rawValue)".replacing("-", with: "_"),
            parameters: [
                "groups": .size(conv.groups), "stride_height": .size(height.stride),
                "stride_width": .size(width.stride), "dilation_height": .size(height.dilation),
                "dilation_width": .size(width.dilation), "pad_height": .size(height.padBefore),
                "pad_width": .size(width.padBefore),
            ], dtype: precision.rawValue)
    }

    private var xShape: [Int] { [conv.batch, conv.height.size, conv.width.size, conv.inChannels] }
    private var yShape: [Int] { [conv.batch, conv.height.outputSize, conv.width.outputSize, conv.outChannels] }
    private var weightShape: [Int] {
        [conv.outChannels, conv.inChannels / conv.groups, conv.height.kernel, conv.width.kernel]
    }

    private func inputs(_ set: Buffers) -> [NamedTensor] {
        [set.x.named("x", xShape), set.weights.named("weights", weightShape), set.y.named("dy", yShape)]
    }

    private func output(of set: Buffers) -> NamedTensor {
        switch pass {
        case .forward: set.y.named("y", yShape)
        case .backwardData: set.x.named("dx", xShape)
        case .backwardWeights: set.weights.named("dweights", weightShape)
        }
    }

    private func makeBuffers(seed: UInt64) -> Buffers {
        func random(_ count: Int, _ seed: UInt64) -> FloatBuffer {
            .random(count, seed: seed).rounded(to: precision)
        }
        let weights = random(conv.weightCount, seed)
        let (x, y) = (random(conv.inputCount, seed + 1), random(conv.outputCount, seed + 2))
        return Buffers(
            x: x, weights: weights, y: y, ownX: KernelNumbers(x, inputFormat), ownY: KernelNumbers(y, outputFormat),
            packed: pack(weights))
    }

    private func pack(_ weights: FloatBuffer) -> Workspace {
        withUnsafePointer(to: conv.shape) { shape in
            switch pass {
            case .forward:
                let packed = Workspace(bytes: snn_conv_packed_size(shape))
                snn_conv_pack(shape, weights.start, packed.start)
                return packed
            case .backwardData:
                let packed = Workspace(bytes: snn_conv_packed_transposed_size(shape))
                snn_conv_pack_transposed(shape, weights.start, packed.start)
                return packed
            case .backwardWeights: return Workspace(bytes: 0)
            }
        }
    }

    private func workspaceSize(_ shape: UnsafePointer<snn_conv_shape>) -> Int {
        switch pass {
        case .forward: snn_conv_forward_workspace_size(shape)
        case .backwardData: snn_conv_backward_data_workspace_size(shape)
        case .backwardWeights: snn_conv_backward_weights_workspace_size(shape)
        }
    }

    private func run(_ shape: UnsafePointer<snn_conv_shape>, _ set: Buffers, _ workspace: UnsafeMutableRawPointer) {
        switch pass {
        case .forward: snn_conv_forward(shape, set.ownX.start, set.packed.start, nil, set.ownY.start, workspace)
        case .backwardData:
            snn_conv_backward_data(shape, set.ownY.start, set.packed.start, set.ownX.start, workspace)
        case .backwardWeights:
            snn_conv_backward_weights(shape, set.ownX.start, set.ownY.start, false, set.weights.start, workspace)
        }
    }

    private func run(_ im2col: Im2colConvolution, _ set: Buffers) {
        switch pass {
        case .forward: im2col.forward(x: set.x, y: set.y)
        case .backwardData: im2col.backwardData(dy: set.y, dx: set.x)
        case .backwardWeights: im2col.backwardWeights(x: set.x, dy: set.y, dweights: set.weights)
        }
    }
}

extension ConvCase {
    static func fields(of line: ShapeLine) throws -> ShapeFields {
        try line.fields(
            required: ["batch", "in", "out", "size", "kernel"],
            optional: ["stride", "pad", "dilation", "groups", "dtype"])
    }

    init(_ fields: ShapeFields) throws {
        let (size, kernel, stride) = (try fields.axes("size"), try fields.axes("kernel"), try fields.axes("stride"))
        let (dilation, pad) = (try fields.axes("dilation"), try fields.axes("pad", default: (0, 0), least: 0))
        self.init(
            batch: try fields.size("batch"), inChannels: try fields.size("in"), outChannels: try fields.size("out"),
            height: Axis(
                size.height, kernel.height, stride: stride.height, dilation: dilation.height,
                pad: (pad.height, pad.height)),
            width: Axis(
                size.width, kernel.width, stride: stride.width, dilation: dilation.width, pad: (pad.width, pad.width)),
            groups: try fields.size("groups"))
        guard inChannels % groups == 0, outChannels % groups == 0 else {
            throw fields.line.failure(
                "groups=\(groups): expected a divisor of in=\(inChannels) and of out=\(outChannels)")
        }
        guard height.outputSize > 0, width.outputSize > 0 else {
            throw fields.line.failure("expected a kernel that fits into the padded image")
        }
    }
}
