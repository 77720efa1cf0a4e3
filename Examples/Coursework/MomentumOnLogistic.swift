import ArgumentParser
import SwiftNN

/// Gradient descent with momentum on one weight: y = 1 / (1 + exp(0.5·w)), cross-entropy −d·log y − (1 − d)·log(1 − y),
/// d = 1.
///
///     Δw(k) = β·Δw(k−1) − η·∇,   w(k) = w(k−1) + Δw(k),   w(1) = 0, Δw(1) = 0.5, β = 0.9, η = 0.1
///
/// Wanted is w(167), truncated to three decimals.
struct MomentumOnLogistic: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "momentum-logistic",
        abstract: "Momentum on a logistic neuron: w(167), truncated to three decimals.")

    func run() throws { MomentumTrajectory.show(try Self.weights(167)) }

    /// w(1) ... w(count): y is σ(z) of z = −0.5·w, a neuron without bias whose input is −0.5. The loss takes the
    /// logit z, and its gradient with respect to it is y − d.
    static func weights(_ count: Int) throws -> [Float] {
        let neuron = Sequential { Linear(1, 1, bias: false, initializer: .zeros) }
        return try MomentumTrajectory(
            network: neuron, loss: BCEWithLogitsLoss(), input: -0.5, target: 1, firstStep: 0.5
        ).weights(count)
    }
}
