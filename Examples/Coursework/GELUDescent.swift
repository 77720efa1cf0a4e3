import ArgumentParser
import SwiftNN

/// Towards the minimum of GELU(x) ≈ x·σ(1.702x): x1, x2, x3 from x0 = 0 by gradient descent with η = 0.1 and η = 1,
/// and from x0 = −3 with η = 0.1
///
///     by gradient descent           x(t+1) = x(t) − η·∇f(x(t))
///     by averaged momentum          v(t+1) = β·v(t) + (1 − β)·∇f(x(t)),   x(t+1) = x(t) − η·v(t+1)
///
/// with v0 = ∇f(x0), β = 0.9. The derivative is σ(1.702x) + 1.702x·σ(1.702x)·(1 − σ(1.702x)).
struct GELUDescent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gelu", abstract: "The minimum of GELU by gradient descent, with and without averaged momentum.")

    /// x · σ(1.702 x), not the exact x · Φ(x) nor PyTorch's approximation by tanh.
    static let gelu = Activation.geluSigmoid

    /// Dampening as large as the momentum averages the gradients, from the first one on.
    static let averagedMomentum = SGD(lr: 0.1, momentum: 0.9, dampening: 0.9)

    func run() throws {
        Self.show("gradient descent, η = 0.1", Self.descend(from: 0, SGD(lr: 0.1)))
        Self.show("gradient descent, η = 1", Self.descend(from: 0, SGD(lr: 1)))
        Self.show("gradient descent, η = 0.1", Self.descend(from: -3, SGD(lr: 0.1)))
        Self.show("averaged momentum, η = 0.1, β = 0.9", Self.descend(from: -3, Self.averagedMomentum))
    }

    /// x0 ... x3.
    static func descend(from start: Float, _ rule: SGD) -> [Float] {
        let x = Parameter([1], .constant(start))
        let optimizer = Optimizer(rule, [x])
        let steps = (1...3).map { _ in
            x.gradient = gelu.derivative(x.value)
            optimizer.step()
            return x.value.scalar
        }
        return [start] + steps
    }

    private static func show(_ title: String, _ points: [Float]) {
        print("\(title), from x0 = \(points[0])")
        for (t, (x, y)) in zip(points, gelu(Tensor(points)).scalars).enumerated() {
            print("  x\(t) = \(decimals(x))   GELU(x\(t)) = \(decimals(y))")
        }
    }

    private static func decimals(_ number: Float) -> String { NumberText.fixed(Double(number), digits: 6) }
}
