import CKernels
import SwiftNN

/// A whole training step: forward, loss, backward and the update by SGD with momentum.
struct StepBenchmark: Benchmark {
    let network: Network
    let batch: Int
    let precision: Precision
    let name: String
    let group: String
    private let operations: Int

    init(_ line: ShapeLine) throws {
        (network, batch, precision) = try Network.parse(line)
        (name, group) = ("step \(line.text)", line.group)
        let plan = try Plan(
            network.makeModel(), inputShape: [1] + network.inputShape, mode: .training, loss: CrossEntropyLoss())
        operations = 2 * plan.multiplyAdds * batch
    }

    var work: Work { .arithmetic(operations, in: precision, examples: batch) }

    func prepare() throws -> Prepared {
        let training = try Training(network, batch: batch, precision: precision)
        let inputs = training.model.state.map { NamedTensor("state.\($0.name)", $0.tensor) }
        let (examples, labels) = training.batches[0]
        return Prepared(
            inputs: inputs + [
                NamedTensor("x", examples), NamedTensor("labels", Tensor(labels.map(Float.init))),
            ],
            problem: PeerProblem(
                operation: "step", parameters: ["network": .word(network.rawValue)], dtype: precision.rawValue),
            outputs: training.firstSteps,
            reference: PortableKernels.reference(operations: 3 * operations) { [self] in
                try Training(network, batch: batch, precision: precision).firstSteps()
            },
            // A rounding error may turn a ReLU or a maximum, and change single numbers of gradients by much: PyTorch's own
            // in float32 are up to 8e-3 of their length from those in float64, and what three steps change up to 2.3e-2,
            // as ours (ResNet-18). In bfloat16 it happens so often that only their direction is compared.
            difference: .euclidean, tolerance: precision == .float32 ? 1e-2 : 5e-3,
            tolerances: precision == .float32 ? ["change.": 5e-2] : ["gradient.": 0.5, "change.": 0.5],
            sets: training.batches.count, ours: training.step)
    }
}

/// A network in training on random examples.
final class Training {
    let model: Sequential
    let batches: Rotation<(examples: Tensor, labels: [Int32])>
    private let plan: Plan
    private let optimizer: Optimizer
    private var loss = Double.nan

    init(_ network: Network, batch: Int, precision: Precision) throws {
        model = network.makeModel()
        let shape = [batch] + network.inputShape
        plan = try Plan(model, inputShape: shape, mode: .training, loss: CrossEntropyLoss(), precision: precision)
        optimizer = Optimizer(SGD(lr: 0.001, momentum: 0.9, nesterov: true), model.parameters)
        batches = Rotation(bytes: 4 * shape.reduce(1, *), .multiplyAdd) { seed in
            (network.examples(batch, seed: seed), Network.labels(batch, seed: seed))
        }
    }

    func step(_ iteration: Int) {
        let (examples, labels) = batches[iteration]
        optimizer.clearGradients()
        do { loss = try plan.forward(examples, labels: labels) } catch { preconditionFailure("\(error)") }
        plan.backward()
        optimizer.step()
    }

    /// The gradients of the first step, the losses of the first three, all on one batch, and what these changed.
    func firstSteps() -> [NamedTensor] {
        let learned = model.namedParameters.filter(\.parameter.requiresGradient)
        let before = learned.map(\.parameter.value)
        step(0)
        let gradients = learned.map { NamedTensor("gradient.\($0.name)", $0.parameter.gradient) }
        var losses = [loss]
        for _ in 0..<2 {
            step(0)
            losses.append(loss)
        }
        let changes = zip(learned, before).map {
            NamedTensor("change.\($0.name)", $0.parameter.value - $1)
        }
        return gradients + changes + [NamedTensor("losses", losses, [3])]
    }
}
