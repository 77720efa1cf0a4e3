import CKernels
import SwiftNN

/// A whole training step: forward, loss, backward and the update by SGD with momentum.
struct StepBenchmark: Benchmark {
    let network: Network
    let batch: Int

    static var all: [StepBenchmark] {
        Network.allCases.flatMap { network in network.batches.map { StepBenchmark(network: network, batch: $0) } }
    }

    var name: String { "step \(network.rawValue) batch \(batch)" }
    var work: Work { .step(operations: Double(batch * operationsPerExample), examples: batch) }

    var peerProblem: PeerProblem? {
        PeerProblem(operation: "step_\(network.rawValue)", parameters: ["batch": batch])
    }

    func prepare() throws -> Prepared {
        let training = try Training(network, batch: batch)
        return Prepared(
            error: { (try? lossError()) ?? .infinity },
            // Rounding errors grow from step to step.
            tolerance: 1e-3, ours: training.step)
    }

    /// The losses of a few steps beside those of another instruction set's kernels, from the same weights.
    private func lossError() throws -> Double {
        let own = try losses()
        defer { snn_isa_override(-1) }
        snn_isa_override(Int32(SNN_ISA_PORTABLE.rawValue))
        let portable = try losses()
        return zip(own, portable).map { abs($0 - $1) / abs($1) }.reduce(0) { $1 <= $0 ? $0 : $1 }
    }

    private func losses() throws -> [Double] {
        let training = try Training(network, batch: batch)
        return (0..<3).map {
            training.step($0)
            return training.loss
        }
    }

    /// Multiplications and additions of the layers with weights. The backward pass has two products for each of the
    /// forward pass's, but the first layer's: nobody wants the gradient of the images.
    private var operationsPerExample: Int {
        let model = network.makeModel()
        guard let plan = try? Plan(model, inputShape: [1] + network.inputShape) else { return 0 }
        let weights = Dictionary(uniqueKeysWithValues: model.namedParameters.map { ($0.name, $0.parameter) })
        let forward = plan.summary.compactMap { layer -> Int? in
            guard let weight = weights["\(layer.name).weight"], weight.shape.count > 1 else { return nil }
            return 2 * weight.count * layer.outputShape.dropFirst(2).reduce(1, *)
        }
        return 3 * forward.reduce(0, +) - (forward.first ?? 0)
    }
}

/// A network in training on random examples.
private final class Training {
    private let plan: Plan
    private let optimizer: Optimizer
    private let batches: Rotation<(examples: Tensor, labels: [Int32])>
    private(set) var loss = Double.nan

    init(_ network: Network, batch: Int) throws {
        let model = network.makeModel()
        model.initialize(seed: 1)
        let shape = [batch] + network.inputShape
        plan = try Plan(model, inputShape: shape, mode: .training, loss: CrossEntropyLoss())
        optimizer = Optimizer(SGD(lr: 0.001, momentum: 0.9, nesterov: true), model.parameters)
        batches = Rotation { seed in
            (.normal(shape, seed: seed), (0..<batch).map { Int32((UInt64($0) &* 7 + seed) % UInt64(Network.classes)) })
        }
    }

    func step(_ iteration: Int) {
        let (examples, labels) = batches[iteration]
        optimizer.clearGradients()
        do { loss = try plan.forward(examples, labels: labels) } catch { fatalError("\(error)") }
        plan.backward()
        optimizer.step()
    }
}
