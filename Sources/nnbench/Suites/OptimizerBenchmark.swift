import CKernels
import ReferenceKernels
import SwiftNN

/// One update of one parameter.
struct OptimizerBenchmark: Benchmark {
    enum Rule: String, CaseIterable { case sgd, adam, adamw, rmsprop, muon }

    let rule: Rule
    /// [count], or [rows, columns] of Muon's matrix.
    let shape: [Int]
    /// Of Muon's products, which are PyTorch's in bfloat16 alone.
    let precision: Precision
    let name: String
    let group: String

    init(_ line: ShapeLine) throws {
        let isMuon = line.text.hasPrefix("muon")
        let fields = try line.fields(
            kinds: Rule.allCases.map(\.rawValue), required: isMuon ? ["rows", "columns"] : ["count"],
            optional: isMuon ? ["dtype"] : [])
        rule = Rule(rawValue: fields.kind) ?? .sgd
        shape = isMuon ? [try fields.size("rows"), try fields.size("columns")] : [try fields.size("count")]
        precision = try fields.precision()
        (name, group) = ("optimizer \(line.text)", line.group)
    }

    private var count: Int { shape.reduce(1, *) }
    /// Muon's steps are spread over whole rows: larger ones, for rounding to say little.
    private var rate: Float { rule == .muon ? 0.1 : 1e-3 }
    private static let momentum: Float = 0.9
    private static let weightDecay: Float = 1e-2

    /// The gradient and the weights and every state, read; the weights and the states, written. Muon is bound by its
    /// products: five times three, two of them by the longer side.
    var work: Work {
        switch rule {
        case .sgd, .rmsprop: return .memory(bytes: 4 * 5 * count)
        case .adam, .adamw: return .memory(bytes: 4 * 7 * count)
        case .muon:
            let (short, long) = (min(shape[0], shape[1]), max(shape[0], shape[1]))
            let products = 5 * (4 * short * short * long + 2 * short * short * short)
            return .arithmetic(products, in: precision, bytes: 4 * 5 * count)
        }
    }

    private final class Buffers {
        let weights: FloatBuffer, gradient: FloatBuffer, first: FloatBuffer, second: FloatBuffer
        var step = 0

        init(_ count: Int, seed: UInt64) {
            (weights, gradient) = (.random(count, seed: seed), .random(count, seed: seed + 1))
            (first, second) = (.zeros(count), .zeros(count))
        }
    }

    func prepare() -> Prepared {
        let buffers = Rotation(bytes: 16 * count, work.ceiling) { Buffers(count, seed: $0) }
        let workspace = Workspace(
            bytes: rule == .muon
                ? withUnsafePointer(to: muon) { snn_muon_workspace_size($0, shape[0], shape[1]) } : 0)
        let set = buffers[0]
        let (weights, gradient) = (set.weights.doubles, set.gradient.doubles)
        return Prepared(
            inputs: [set.weights.named("weights", shape), set.gradient.named("gradient", shape)],
            problem: PeerProblem(
                operation: "optimizer",
                parameters: [
                    "rule": .word(rule.rawValue), "rate": .number(rate), "momentum": .number(Self.momentum),
                    "weight_decay": .number(Self.weightDecay), "steps": .size(Self.checkedSteps),
                ]),
            outputs: {
                for _ in 0..<Self.checkedSteps { update(set, workspace) }
                return [change(from: weights, to: set.weights.doubles)]
            },
            reference: { [change(from: weights, to: reference(weights, gradient))] },
            // Of changes of a thousandth, of which weights up to 1 round off a ten-thousandth.
            tolerance: precision == .bfloat16 ? Self.roundedTolerance : 3e-4,
            // PyTorch orthogonalises in bfloat16.
            peerTolerance: rule == .muon ? Self.roundedTolerance : nil,
            sets: buffers.count, ours: { update(buffers[$0], workspace) })
    }

    private static let checkedSteps = 2
    /// Of what was orthogonalised in bfloat16, beside exact numbers.
    private static let roundedTolerance = 0.1

    /// What the steps did: weights would agree nearly as well without any.
    private func change(from before: [Double], to after: [Double]) -> NamedTensor {
        NamedTensor("change", zip(after, before).map { $0 - $1 }, shape)
    }

    private func update(_ set: Buffers, _ workspace: Workspace) {
        set.step += 1
        let (w, g, first, second) = (set.weights.start, set.gradient.start, set.first.start, set.second.start)
        switch rule {
        case .sgd:
            var options = snn_sgd(
                rate: rate, momentum: Self.momentum, dampening: 0, weight_decay: Self.weightDecay,
                gradient_scale: 1, nesterov: true, decoupled: false, velocity_of_steps: false,
                first_step: set.step == 1)
            snn_sgd_step(&options, count, g, first, w)
        case .adam, .adamw:
            var options = snn_adam(
                rate: rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: Self.weightDecay,
                gradient_scale: 1, decoupled: rule == .adamw, step: set.step)
            snn_adam_step(&options, count, g, first, second, nil, w)
        case .rmsprop:
            var options = snn_rmsprop(
                rate: rate, smoothing: 0.99, epsilon: 1e-8, weight_decay: Self.weightDecay, momentum: 0,
                gradient_scale: 1)
            snn_rmsprop_step(&options, count, g, first, nil, nil, w)
        case .muon:
            var options = muon
            snn_muon_step(&options, shape[0], shape[1], g, first, w, workspace.start)
        }
    }

    private var muon: snn_muon {
        snn_muon(
            rate: rate, momentum: Self.momentum, weight_decay: Self.weightDecay, gradient_scale: 1,
            nesterov: true, normalize_weights: false, bfloat16: precision == .bfloat16, iterations: 5)
    }

    private func reference(_ weights: [Double], _ gradient: [Double]) -> [Double] {
        var weights = weights
        let (rate, decay) = (Double(self.rate), Double(Self.weightDecay))
        switch rule {
        case .sgd:
            var sgd = ReferenceSGD()
            (sgd.rate, sgd.momentum, sgd.weightDecay, sgd.nesterov) = (rate, Double(Self.momentum), decay, true)
            for index in weights.indices {
                var velocity: Double?
                for _ in 0..<Self.checkedSteps {
                    sgd.step(gradient: gradient[index], velocity: &velocity, weight: &weights[index])
                }
            }
        case .adam, .adamw:
            var adam = ReferenceAdam()
            (adam.rate, adam.weightDecay, adam.decoupled) = (rate, decay, rule == .adamw)
            for index in weights.indices {
                var (first, second, largest) = (0.0, 0.0, 0.0)
                for step in 1...Self.checkedSteps {
                    adam.step(
                        step, gradient: gradient[index], first: &first, second: &second, maxSecond: &largest,
                        weight: &weights[index])
                }
            }
        case .rmsprop:
            var rmsprop = ReferenceRMSProp()
            (rmsprop.rate, rmsprop.weightDecay) = (rate, decay)
            for index in weights.indices {
                var (squares, average, velocity) = (0.0, 0.0, 0.0)
                for _ in 0..<Self.checkedSteps {
                    rmsprop.step(
                        gradient: gradient[index], squareAverage: &squares, gradientAverage: &average,
                        velocity: &velocity, weight: &weights[index])
                }
            }
        case .muon:
            var muon = ReferenceMuon()
            (muon.rate, muon.momentum, muon.weightDecay) = (rate, Double(Self.momentum), decay)
            var velocity = [Double](repeating: 0, count: weights.count)
            for _ in 0..<Self.checkedSteps {
                muon.step(
                    rows: shape[0], columns: shape[1], gradient: gradient, velocity: &velocity, weights: &weights)
            }
        }
        return weights
    }
}
