import ArgumentParser
import SwiftNN

/// Gradient descent with momentum on one weight: y = max(0, 0.5·w), L2 divergence ½(y − d)², d = 1.
///
///     Δw(k) = β·Δw(k−1) − η·∇,   w(k) = w(k−1) + Δw(k),   w(1) = 1, Δw(1) = 0.5, β = 0.9, η = 0.1
///
/// Wanted is w(167), truncated to three decimals.
struct MomentumOnReLU: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "momentum-relu", abstract: "Momentum on a ReLU: w(167), truncated to three decimals.")

    func run() throws { MomentumTrajectory.show(try Self.weights(167)) }

    /// w(1) ... w(count): a neuron without bias whose input is 0.5.
    static func weights(_ count: Int) throws -> [Float] {
        let neuron = Sequential {
            Linear(1, 1, bias: false, initializer: .constant(1))
            ReLU()
        }
        return try MomentumTrajectory(network: neuron, loss: L2Divergence(), input: 0.5, target: 1, firstStep: 0.5)
            .weights(count)
    }
}

/// ½ Σ (y − d)², whose gradient is y − d. PyTorch's `MSELoss` has neither the half nor the sum.
struct L2Divergence: ValueLoss {
    func evaluate(
        _ y: Span<Float>, targets d: Span<Float>, shape: [Int], gradient: inout MutableSpan<Float>
    ) -> Double {
        var loss = 0.0
        for i in y.indices {
            gradient[i] = y[i] - d[i]
            loss += Double(gradient[i] * gradient[i]) / 2
        }
        return loss
    }
}
