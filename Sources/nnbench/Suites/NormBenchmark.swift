import CKernels
import ReferenceKernels
import SwiftNN

/// One pass of a normalisation in training, with scale and shift.
struct NormBenchmark: Benchmark {
    enum Pass: String, CaseIterable { case forward, backward }

    /// Of batch norm: over the rows. Else over the channels of each row.
    let isBatchNorm: Bool
    /// Of the input: [batch, height, width, channels] or [rows, channels].
    let shape: [Int]
    let hasReLU: Bool
    let pass: Pass
    let name: String
    let group: String

    static func all(_ line: ShapeLine) throws -> [NormBenchmark] {
        let isBatchNorm = line.text.hasPrefix("batch-norm")
        let fields = try line.fields(
            kinds: ["batch-norm", "layer-norm"],
            required: isBatchNorm ? ["batch", "channels", "size"] : ["rows", "channels"],
            optional: isBatchNorm ? ["activation"] : [])
        let channels = try fields.size("channels")
        let size = try fields.axes("size")
        let shape =
            isBatchNorm
            ? [try fields.size("batch"), size.height, size.width, channels] : [try fields.size("rows"), channels]
        let hasReLU = try fields.word("activation", of: ["none", "relu"], default: "none") == "relu"
        return Pass.allCases.map { pass in
            let kind = line.text.replacing(fields.kind, with: "\(fields.kind) \(pass.rawValue)", maxReplacements: 1)
            return NormBenchmark(
                isBatchNorm: isBatchNorm, shape: shape, hasReLU: hasReLU, pass: pass, name: "norm \(kind)",
                group: line.group)
        }
    }

    fileprivate var channels: Int { shape.last ?? 1 }
    fileprivate var rows: Int { shape.dropLast().reduce(1, *) }
    private var count: Int { rows * channels }
    private var statistics: Int { isBatchNorm ? channels : rows }
    fileprivate static let epsilon: Float = 1e-5

    /// Forward x and y, backward x, dy and dx: each once.
    var work: Work { .memory(bytes: 4 * count * (pass == .forward ? 2 : 3)) }

    fileprivate final class Buffers {
        let x: FloatBuffer, y: FloatBuffer, dy: FloatBuffer, dx: FloatBuffer
        let mean: FloatBuffer, inverse: FloatBuffer, factor: FloatBuffer, offset: FloatBuffer

        init(_ norm: NormBenchmark, seed: UInt64) {
            x = .random(norm.count, seed: seed, low: -1, high: 2)
            y = .zeros(norm.count)
            dy = norm.pass == .backward ? .random(norm.count, seed: seed + 1) : .zeros(0)
            dx = .zeros(norm.pass == .backward ? norm.count : 0)
            (mean, inverse) = (.zeros(norm.statistics), .zeros(norm.statistics))
            (factor, offset) = (.zeros(norm.statistics), .zeros(norm.statistics))
        }

        var batch: snn_batch_norm_statistics {
            snn_batch_norm_statistics(
                mean: mean.start, inverse_deviation: inverse.start, factor: factor.start, offset: offset.start)
        }
    }

    func prepare() -> Prepared {
        let kernel = NormKernel(of: self)
        let buffers = Rotation(bytes: 4 * count * (pass == .forward ? 2 : 4), .copy) { seed in
            let set = Buffers(self, seed: seed)
            if pass == .backward { kernel.forward(set) }
            return set
        }
        let set = buffers[0]
        func ours(_ iteration: Int) {
            if pass == .forward { kernel.forward(buffers[iteration]) } else { kernel.backward(buffers[iteration]) }
        }
        func outputs() -> [NamedTensor] {
            ours(0)
            return pass == .forward ? [set.y.named("y", shape)] : [set.dx.named("dx", shape)] + kernel.gradients
        }
        let dy = pass == .backward ? [set.dy.named("dy", shape)] : []
        return Prepared(
            inputs: [set.x.named("x", shape)] + kernel.parameters + dy, problem: problem, outputs: outputs,
            reference: {
                reference(
                    x: set.x.doubles, dy: set.dy.doubles, scale: kernel.scale.doubles, shift: kernel.shift.doubles)
            },
            // Sums over up to 10^6 rows.
            tolerance: 2e-5, sets: buffers.count, ours: ours)
    }

    private var problem: PeerProblem {
        PeerProblem(
            operation: "\(isBatchNorm ? "batch_norm" : "layer_norm")_\(pass.rawValue)",
            parameters: isBatchNorm ? ["relu": .size(hasReLU ? 1 : 0)] : [:])
    }

    private func reference(x: [Double], dy: [Double], scale: [Double], shift: [Double]) -> [NamedTensor] {
        let (mean, variance) = ReferenceNorm.statistics(x, rows: rows, channels: channels, ofRows: !isBatchNorm)
        let inverse = variance.map { 1 / ($0 + Double(Self.epsilon)).squareRoot() }
        let y = ReferenceNorm.normalise(
            x, rows: rows, channels: channels, ofRows: !isBatchNorm, mean: mean, inverse: inverse, scale: scale,
            shift: shift)
        guard pass == .backward else { return [NamedTensor("y", hasReLU ? y.map { max($0, 0) } : y, shape)] }
        let through = hasReLU ? zip(y, dy).map { $0 > 0 ? $1 : 0 } : dy
        let gradients = ReferenceNorm.gradients(
            x, dy: through, rows: rows, channels: channels, ofRows: !isBatchNorm, mean: mean, inverse: inverse,
            scale: scale)
        return [
            NamedTensor("dx", gradients.x, shape), NamedTensor("dscale", gradients.scale, [channels]),
            NamedTensor("dshift", gradients.shift, [channels]),
        ]
    }
}

/// Both passes of a norm, with its parameters and their gradients.
private struct NormKernel {
    let scale: FloatBuffer, shift: FloatBuffer
    private let dscale: FloatBuffer, dshift: FloatBuffer
    private let isBatchNorm: Bool
    private let shape: snn_norm_shape
    private let activation: snn_activation
    private let workspace: Workspace

    init(of norm: NormBenchmark) {
        scale = .random(norm.channels, seed: 1, low: 0.5, high: 1.5)
        shift = .random(norm.channels, seed: 2)
        (dscale, dshift) = (.zeros(norm.channels), .zeros(norm.channels))
        isBatchNorm = norm.isBatchNorm
        var shape = snn_norm_shape(
            rows: norm.rows, channels: norm.channels, epsilon: NormBenchmark.epsilon, numbers: SNN_FLOAT32)
        workspace = Workspace(bytes: max(snn_batch_norm_workspace_size(&shape), snn_layer_norm_workspace_size(&shape)))
        self.shape = shape
        activation = snn_activation(kind: norm.hasReLU ? SNN_RELU : SNN_IDENTITY, parameter: 0)
    }

    var parameters: [NamedTensor] { [scale.named("scale", [scale.count]), shift.named("shift", [shift.count])] }
    var gradients: [NamedTensor] { [dscale.named("dscale", [scale.count]), dshift.named("dshift", [shift.count])] }

    func forward(_ set: NormBenchmark.Buffers) {
        var batch = set.batch
        withUnsafePointer(to: shape) {
            if isBatchNorm {
                snn_batch_norm_forward_training(
                    $0, set.x.start, scale.start, shift.start, nil, activation, 0.1, nil, nil, &batch, set.y.start,
                    workspace.start)
            } else {
                snn_layer_norm_forward(
                    $0, set.x.start, scale.start, shift.start, set.mean.start, set.inverse.start, set.y.start)
            }
        }
    }

    func backward(_ set: NormBenchmark.Buffers) {
        var batch = set.batch
        withUnsafePointer(to: shape) {
            if isBatchNorm {
                snn_batch_norm_backward(
                    $0, set.x.start, set.dy.start, &batch, activation, false, set.dx.start, dscale.start, dshift.start,
                    workspace.start)
            } else {
                snn_layer_norm_backward(
                    $0, set.x.start, set.dy.start, scale.start, set.mean.start, set.inverse.start, false,
                    set.dx.start, dscale.start, dshift.start, workspace.start)
            }
        }
    }
}
