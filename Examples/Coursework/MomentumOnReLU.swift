import ArgumentParser
import SwiftNN

/// Gradient descent with momentum on one weight: y = max(0, 0.5·w), L2 divergence ½(y − d)², d = 1.
///
///     Δw(k) = β·Δw(k−1) − η·∇,   w(k) = w(k−1) + Δw(k),   w(1) = 1, Δw(1) = 0.5, β = 0.9, η = 0.1
struct MomentumOnReLU: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "momentum-relu", abstract: "Momentum on a ReLU: w(167), truncated to three decimals.")

    func run() throws {
        print("to be written")
    }
}
