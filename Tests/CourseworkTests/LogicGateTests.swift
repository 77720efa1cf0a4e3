import Foundation
import SwiftNN
import Testing

@testable import coursework

@Suite struct LogicGateTests {
    @Test(arguments: LogicGate.allCases) func weightsByHandComputeTheGate(_ gate: LogicGate) throws {
        let network = try gate.networkByHand()
        expectOutputs(of: network, gate, at: 0.000_05)
        #expect(try gate.isComputed(by: network))
    }

    @Test(arguments: LogicGate.allCases, [1, 2, 3, 4, 5] as [UInt64]) func isLearned(
        _ gate: LogicGate, seed: UInt64
    ) throws {
        let (network, _) = try LogicGates.learn(gate, seed: seed)
        expectOutputs(of: network, gate, at: 0.1)
        #expect(try gate.isComputed(by: network))
    }

    @Test func aWrongTruthTableIsNoticed() throws {
        for gate in LogicGate.allCases {
            let network = try gate.networkByHand()
            for other in LogicGate.allCases where other != gate { #expect(try !other.isComputed(by: network)) }
        }
    }

    @Test func networksAreTheSmallest() {
        #expect(LogicGate.allCases.map { $0.makeNetwork().parameterCount } == [3, 3, 9, 9])
    }

    /// Computes the network's outputs by its weights in Double, and expects them within a distance of the truth.
    private func expectOutputs(of network: Sequential, _ gate: LogicGate, at distance: Double) {
        let state = Dictionary(uniqueKeysWithValues: network.state.map { ($0.name, $0.tensor) })
        let truth: [(Bool, Bool) -> Bool] = [{ $0 && $1 }, { $0 || $1 }, { $0 != $1 }, { $0 == $1 }]
        let gates = zip(LogicGate.allCases, truth).first { $0.0 == gate }
        for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
            var activations = [a ? 1.0 : 0, b ? 1 : 0]
            for layer in ["0", "2"] {
                guard let weight = state["\(layer).weight"], let bias = state["\(layer).bias"] else { continue }
                activations = bias.scalars.indices.map { neuron in
                    let sum = activations.indices.reduce(Double(bias[neuron])) {
                        $0 + Double(weight[neuron, $1]) * activations[$1]
                    }
                    return 1 / (1 + exp(-sum))
                }
            }
            let expected = gates?.1(a, b) == true ? 1.0 : 0
            #expect(activations.count == 1 && abs(activations[0] - expected) < distance, "\(gate) of \(a), \(b)")
        }
    }
}
