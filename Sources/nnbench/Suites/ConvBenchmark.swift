import CKernels
import KernelCases

/// One of the three passes of a convolution. The weights are packed beforehand, as a plan does once per update.
struct ConvBenchmark: Benchmark {
    enum Pass: String, CaseIterable {
        case forward
        case backwardData = "backward-data"
        case backwardWeights = "backward-weights"
    }

    let conv: ConvCase
    let pass: Pass

    static var all: [ConvBenchmark] {
        ConvCase.all.filter(\.measured).flatMap { conv in Pass.allCases.map { ConvBenchmark(conv: conv, pass: $0) } }
    }

    var name: String { conv.description.replacing("conv ", with: "conv \(pass.rawValue) ", maxReplacements: 1) }
    var work: Work { .operations(Double(conv.operations)) }

    var peerProblem: PeerProblem? {
        let (height, width) = (conv.height, conv.width)
        // PyTorch pads both sides alike.
        guard height.padBefore == height.padAfter, width.padBefore == width.padAfter else { return nil }
        return PeerProblem(
            operation: "conv_\(pass.rawValue)".replacing("-", with: "_"),
            parameters: [
                "batch": conv.batch, "in_channels": conv.inChannels, "out_channels": conv.outChannels,
                "groups": conv.groups, "height": height.size, "width": width.size, "kernel_height": height.kernel,
                "kernel_width": width.kernel, "stride_height": height.stride, "stride_width": width.stride,
                "dilation_height": height.dilation, "dilation_width": width.dilation, "pad_height": height.padBefore,
                "pad_width": width.padBefore,
            ])
    }

    /// Each pass reads two of x, y and the weights and writes the third.
    struct Buffers {
        let x: FloatBuffer, weights: FloatBuffer, y: FloatBuffer
        let packed: Workspace
    }

    func prepare() -> Prepared {
        let buffers = Rotation { makeBuffers(seed: $0) }
        let workspace = Workspace(bytes: withUnsafePointer(to: conv.shape, workspaceSize))
        func ours(_ iteration: Int) {
            let set = buffers[iteration]
            withUnsafePointer(to: conv.shape) { run($0, set, workspace.start) }
        }
        return Prepared(
            error: {
                ours(0)
                return error(of: buffers[0])
            },
            // Sums of up to some 10^5 products, in two orders.
            tolerance: 1e-4, ours: ours)
    }

    private func makeBuffers(seed: UInt64) -> Buffers {
        let weights = FloatBuffer.random(conv.weightCount, seed: seed)
        return Buffers(
            x: .random(conv.inputCount, seed: seed + 1), weights: weights,
            y: .random(conv.outputCount, seed: seed + 2), packed: pack(weights))
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
        case .forward: snn_conv_forward(shape, set.x.start, set.packed.start, nil, set.y.start, workspace)
        case .backwardData:
            snn_conv_backward_data(shape, set.y.start, set.packed.start, set.x.start, workspace)
        case .backwardWeights:
            snn_conv_backward_weights(shape, set.x.start, set.y.start, false, set.weights.start, workspace)
        }
    }

    private func error(of set: Buffers) -> Double {
        let reference = Im2colConvolution(conv: conv)
        switch pass {
        case .forward: return set.y.error(against: reference.forward(x: set.x, weights: set.weights))
        case .backwardData: return set.x.error(against: reference.backwardData(dy: set.y, weights: set.weights))
        case .backwardWeights: return set.weights.error(against: reference.backwardWeights(x: set.x, dy: set.y))
        }
    }
}
