import ArgumentParser
import SwiftNN

/// The smallest networks of sigmoid neurons that compute AND, OR, XOR and XNOR of two inputs, an output above 0.5 being
/// true: with weights given by hand, and learned from random weights.
///
/// A line through the plane parts the true from the false inputs of AND and OR: one neuron does. For XOR and XNOR it
/// takes two lines, and so two hidden neurons and one that combines them.
struct LogicGates: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logic-gates", abstract: "AND, OR, XOR and XNOR as the smallest sigmoid networks.")

    @Option(help: "The random seed of the first weights.")
    var seed: UInt64 = 1

    func run() throws {
        for gate in LogicGate.allCases {
            try Self.show(gate, try gate.networkByHand(), "by hand")
            let learned = try Self.learn(gate, seed: seed)
            try Self.show(gate, learned.network, "learned, start \(learned.starts)")
        }
    }

    /// Learns a gate from random weights by cross-entropy and momentum.
    ///
    /// Some starts end on a plateau short of XOR: of weights of deviation 1, a third (of 400 starts); of the small ones
    /// here, 1 of 18 (of 800). Then others are drawn.
    ///
    /// - Returns: the network, and how many starts it took.
    static func learn(_ gate: LogicGate, seed: UInt64) throws -> (network: Sequential, starts: Int) {
        let network = gate.makeNetwork()
        var starts = 0
        repeat {
            network.initialize(seed: RandomStream.derivedSeed(from: seed, index: starts))
            try train(network, on: gate)
            starts += 1
        } while try !gate.isComputed(by: network) && starts < 10
        return (network, starts)
    }

    private static func train(_ network: Sequential, on gate: LogicGate) throws {
        let plan = try Plan(network, inputShape: [4, 2], mode: .training, loss: BCEWithLogitsLoss())
        let optimizer = Optimizer(SGD(lr: 1, momentum: 0.9), network.parameters)
        for _ in 0..<3000 {
            optimizer.clearGradients()
            _ = try plan.forward(LogicGate.inputs, targets: gate.truth)
            plan.backward()
            optimizer.step()
        }
    }

    private static func show(_ gate: LogicGate, _ network: Sequential, _ origin: String) throws {
        print("\(gate.rawValue), \(origin): \(try gate.isComputed(by: network) ? "right" : "wrong")")
        for (row, output) in try LogicGate.outputs(of: network).scalars.enumerated() {
            let (a, b) = (Int(LogicGate.inputs[row, 0]), Int(LogicGate.inputs[row, 1]))
            print("  \(a) \(b)  \(output > 0.5 ? 1 : 0)  (\(NumberText.fixed(Double(output), digits: 4)))")
        }
    }
}

/// A function of two truth values, 0 or 1.
enum LogicGate: String, CaseIterable {
    case and = "AND"
    case or = "OR"
    case xor = "XOR"
    case xnor = "XNOR"

    /// The rows of every truth table: 0 0, 0 1, 1 0, 1 1.
    static let inputs = Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])

    /// The gate's value for every row, [4, 1].
    var truth: Tensor {
        let values: [Float] =
            switch self {
            case .and: [0, 0, 0, 1]
            case .or: [0, 1, 1, 1]
            case .xor: [0, 1, 1, 0]
            case .xnor: [1, 0, 0, 1]
            }
        return Tensor(values, shape: [4, 1])
    }

    /// The smallest network that can compute the gate, up to the logit: the output is its sigmoid.
    func makeNetwork() -> Sequential {
        let small = Initializer.normal(deviation: 0.2)
        func neurons(_ count: Int) -> Linear { Linear(2, count, initializer: small, biasInitializer: small) }
        return switch self {
        case .and, .or: Sequential([neurons(1)])
        case .xor, .xnor: Sequential([neurons(2), Sigmoid(), neurons(1)])
        }
    }

    /// The network with weights that put every logit 10 away from 0, so that a neuron gives 0.00005 or 0.99995.
    func networkByHand() throws -> Sequential {
        let network = makeNetwork()
        let and = Neuron(weights: [20, 20], bias: -30)
        let or = Neuron(weights: [20, 20], bias: -10)
        let nand = Neuron(weights: [-20, -20], bias: 30)
        let layers: [[Neuron]] =
            switch self {
            case .and: [[and]]
            case .or: [[or]]
            case .xor: [[or, nand], [and]]
            case .xnor: [[or, nand], [nand]]
            }
        // A network's sigmoids are layers, too: the neurons are layers 0 and 2.
        for (index, neurons) in layers.enumerated() { try network.layers[2 * index].load(Neuron.state(of: neurons)) }
        return network
    }

    /// The outputs for every row, [4, 1].
    static func outputs(of network: Sequential) throws -> Tensor { Activation.sigmoid(try network(inputs)) }

    /// Whether every output is on the gate's side of 0.5.
    func isComputed(by network: Sequential) throws -> Bool {
        try LogicGate.outputs(of: network).scalars.map { $0 > 0.5 } == truth.scalars.map { $0 == 1 }
    }
}

/// A neuron of two inputs.
private struct Neuron {
    let weights: [Float]
    let bias: Float

    /// The weights of a layer of neurons.
    static func state(of neurons: [Neuron]) -> [String: Tensor] {
        ["weight": Tensor(neurons.flatMap(\.weights), shape: [neurons.count, 2]), "bias": Tensor(neurons.map(\.bias))]
    }
}
