import SwiftNN

/// The way of a single weight under gradient descent with momentum, as an exercise computes it by hand:
///
///     Δw(k) = β·Δw(k−1) − η·∇,   w(k) = w(k−1) + Δw(k),   β = 0.9, η = 0.1
///
/// The momentum is that of steps: the learning rate η is inside of Δw (see Documentation/Conventions.md).
struct MomentumTrajectory {
    /// A network of one weight that takes and gives one number.
    let network: Sequential
    let loss: any Loss
    let input: Float
    let target: Float
    /// Δw(1)
    let firstStep: Float

    /// w(1), w(2), ... w(count), where w(1) is the network's weight as it is.
    func weights(_ count: Int) throws -> [Float] {
        let weight = network.parameters[0]
        let optimizer = Optimizer(SGD(lr: 0.1, momentum: 0.9, velocity: .steps), [weight])
        optimizer.state = [(numbers: Tensor([firstStep], shape: [1, 1, 1]), step: 1)]

        let plan = try Plan(network, inputShape: [1, 1], mode: .training, loss: loss)
        let (x, d) = (Tensor([input], shape: [1, 1]), Tensor([target], shape: [1, 1]))
        var weights = [weight.value.scalar]
        while weights.count < count {
            optimizer.clearGradients()
            _ = try plan.forward(x, targets: d)
            plan.backward()
            optimizer.step()
            weights.append(weight.value.scalar)
        }
        return weights
    }

    /// Prints some of the weights and the last one, truncated to three decimals.
    static func show(_ weights: [Float]) {
        for k in [1, 2, 3, 10, 30, 100, weights.count] {
            print("w(\(k)) = \(NumberText.fixed(Double(weights[k - 1]), digits: 3, rounding: .towardZero))")
        }
    }
}
