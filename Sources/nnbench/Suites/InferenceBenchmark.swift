import SwiftNN

/// A batch through a trained network.
struct InferenceBenchmark: Benchmark {
    let network: Network
    let batch: Int
    let precision: Precision
    let name: String
    let group: String
    private let operations: Int

    init(_ line: ShapeLine) throws {
        (network, batch, precision) = try Network.parse(line)
        (name, group) = ("inference \(line.text)", line.group)
        operations = 2 * batch * (try Plan(network.makeModel(), inputShape: [1] + network.inputShape).multiplyAdds)
    }

    var work: Work { .arithmetic(operations, in: precision, examples: batch) }

    func prepare() throws -> Prepared {
        let model = network.makeModel()
        model.drawStatistics()
        let inputShape = [batch] + network.inputShape
        let plan = try Plan(model, inputShape: inputShape, precision: precision)
        let examples = Rotation(bytes: 4 * batch * network.inputShape.reduce(1, *), .multiplyAdd) { seed in
            network.examples(batch, seed: seed)
        }
        func logits(_ iteration: Int) -> Tensor {
            do { return try plan.forward(examples[iteration]) } catch { preconditionFailure("\(error)") }
        }
        return Prepared(
            inputs: model.state.map { NamedTensor("state.\($0.name)", $0.tensor) } + [NamedTensor("x", examples[0])],
            problem: PeerProblem(
                operation: "inference", parameters: ["network": .word(network.rawValue)], dtype: precision.rawValue),
            outputs: { [NamedTensor("logits", logits(0))] },
            reference: PortableKernels.reference(operations: operations) {
                [
                    NamedTensor(
                        "logits", try Plan(model, inputShape: inputShape, precision: precision).forward(examples[0]))
                ]
            },
            tolerance: precision == .float32 ? 1e-4 : 5e-2, sets: examples.count, ours: { _ = logits($0) })
    }
}

extension Layer {
    /// Lets the norms have statistics as if they had seen something.
    fileprivate func drawStatistics() {
        for (index, named) in namedParameters.enumerated() {
            let shape = named.parameter.shape
            if named.name.hasSuffix("running_mean") {
                named.parameter.value = .uniform(shape, low: -0.1, high: 0.1, seed: UInt64(index))
            } else if named.name.hasSuffix("running_var") {
                named.parameter.value = .uniform(shape, low: 0.5, high: 1.5, seed: UInt64(index))
            }
        }
    }
}
