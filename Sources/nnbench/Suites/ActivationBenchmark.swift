import CKernels
import KernelCases
import ReferenceKernels
import SwiftNN

/// One pass of an activation over a flat array.
struct ActivationBenchmark: Benchmark {
    enum Pass: String, CaseIterable { case forward, backward }

    let kind: UInt32
    let parameter: Float
    let count: Int
    let pass: Pass
    let name: String
    let group: String

    static func all(_ line: ShapeLine) throws -> [ActivationBenchmark] {
        // The identity and the step are of no interest.
        let fields = try line.fields(
            kinds: Array(ActivationCase.names.dropFirst(2)), required: ["count"], optional: ["parameter"])
        let kind = UInt32(ActivationCase.names.firstIndex(of: fields.kind) ?? 0)
        let (parameter, count) = (try fields.number("parameter", default: 0), try fields.size("count"))
        return Pass.allCases.map { pass in
            let text = line.text.replacing(fields.kind, with: "\(fields.kind) \(pass.rawValue)", maxReplacements: 1)
            return ActivationBenchmark(
                kind: kind, parameter: parameter, count: count, pass: pass, name: "activation \(text)",
                group: line.group)
        }
    }

    var work: Work { .memory(bytes: 4 * count * (pass == .forward ? 2 : 3)) }

    private struct Buffers {
        let x: FloatBuffer, y: FloatBuffer, dy: FloatBuffer
    }

    func prepare() -> Prepared {
        let count = count
        let kernel = snn_activation(kind: .init(kind), parameter: parameter)
        let usesOutput = snn_activation_invertible(kernel)
        func forward(_ set: Buffers) { snn_activation_forward(kernel, count, set.x.start, set.y.start) }
        let buffers = Rotation(bytes: 12 * count, .copy) { seed in
            let set = Buffers(
                x: .random(count, seed: seed, low: -4, high: 4), y: .zeros(count), dy: .random(count, seed: seed + 1))
            if pass == .backward && usesOutput { forward(set) }
            return set
        }
        // As plans run it: from the output where that is enough, and x is where the gradient goes.
        let dx = pass == .backward ? Rotation(bytes: 4 * count, .copy) { _ in FloatBuffer.zeros(count) } : nil
        func ours(_ iteration: Int) {
            let set = buffers[iteration]
            guard let dx = dx?[iteration] else { return forward(set) }
            if usesOutput {
                snn_activation_backward_from_output(kernel, count, set.y.start, set.dy.start, dx.start)
            } else {
                snn_activation_backward(kernel, count, set.x.start, set.dy.start, dx.start)
            }
        }
        let set = buffers[0]
        return Prepared(
            inputs: [set.x.named("x", [count]), set.dy.named("dy", [count])], problem: problem,
            outputs: {
                ours(0)
                return [(dx?[0] ?? set.y).named(pass == .forward ? "y" : "dx", [count])]
            },
            reference: { [reference(set.x.doubles, dy: set.dy.doubles)] },
            tolerance: 5e-6, sets: buffers.count, ours: ours)
    }

    private var kindName: String { ActivationCase.names[Int(kind)] }

    /// nil for what PyTorch has no function of its own for.
    private var problem: PeerProblem? {
        guard !["arctan", "gelu-sigmoid"].contains(kindName) else { return nil }
        return PeerProblem(
            operation: "activation_\(pass.rawValue)",
            parameters: [
                "kind": .word(kindName), "parameter": .number(parameter),
            ])
    }

    private func reference(_ x: [Double], dy: [Double]) -> NamedTensor {
        let definition = ReferenceActivation(rawValue: kind) ?? .identity
        let parameter = Double(parameter)
        switch pass {
        case .forward: return NamedTensor("y", definition.values(x, parameter: parameter), [x.count])
        case .backward: return NamedTensor("dx", definition.backward(x, dy: dy, parameter: parameter), [x.count])
        }
    }
}
