import ArgumentParser
import SwiftNN

/// Back-propagation by hand through x → f1 = xW1 + b1 → h = σ(f1) → f2 = hW2 + b2 → o = softmax(f2) → cross-entropy
/// L = −Σ y·log o, for a row x and a one-hot row y:
///
///     ∂L/∂f2 = o − y
///     ∂L/∂h  = (o − y) W2ᵀ
///     ∂L/∂f1 = (o − y) W2ᵀ ∘ h ∘ (1 − h)
///     ∂L/∂x  = ((o − y) W2ᵀ ∘ h ∘ (1 − h)) W1ᵀ
///
/// The first: log oᵢ = f2ᵢ − log Σ exp f2ⱼ, so that ∂L/∂f2ⱼ = −yⱼ + Σ yᵢ · oⱼ = oⱼ − yⱼ. The others are the chain rule.
struct Backpropagation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backpropagation", abstract: "Gradients derived by hand, by the library and by differences.")

    func run() throws {
        let network = PerceptronOfTwoLayers(inputs: 4, hidden: 5, classes: 3, seed: 1)
        let x = Tensor.normal([1, 4], seed: 2)
        let y = Tensor([0, 1, 0], shape: [1, 3])

        let ways = [
            ("by hand", try network.gradientsByHand(x, y)), ("library", try network.gradientsByLibrary(x, y)),
            ("differences", try network.gradientsByDifferences(x, y)),
        ]
        let gradients: [(String, KeyPath<ErrorSignals, Tensor>)] = [
            ("∂L/∂f2 = o − y", \.f2), ("∂L/∂h", \.h), ("∂L/∂f1", \.f1), ("∂L/∂x", \.x),
        ]
        for (name, gradient) in gradients {
            print(name)
            for (way, signals) in ways { print("  \(rowText(signals[keyPath: gradient].scalars, digits: 4))  \(way)") }
        }
    }
}

/// The gradients of the loss with respect to what flows forward.
struct ErrorSignals {
    let f2: Tensor, h: Tensor, f1: Tensor, x: Tensor
}

/// The network of the exercise. `Linear` keeps its weights transposed, [out, in]: its weights are W1ᵀ and W2ᵀ.
struct PerceptronOfTwoLayers {
    let first: Linear
    let sigmoid = Sigmoid()
    let second: Linear

    init(inputs: Int, hidden: Int, classes: Int, seed: UInt64) {
        first = Linear(inputs, hidden)
        second = Linear(hidden, classes)
        Sequential([first, second]).initialize(seed: seed)
    }

    /// By the formulas.
    func gradientsByHand(_ x: Tensor, _ y: Tensor) throws -> ErrorSignals {
        let h = Activation.sigmoid(try first(x))
        let o = try Softmax()(second(h))
        let ones = Tensor(repeating: 1, shape: h.shape)

        let df2 = o - y
        let dh = df2.matmul(second.weight.value)
        let df1 = dh * h * (ones - h)
        return ErrorSignals(f2: df2, h: dh, f1: df1, x: df1.matmul(first.weight.value))
    }

    /// By the backward passes of the layers, one after the other.
    func gradientsByLibrary(_ x: Tensor, _ y: Tensor) throws -> ErrorSignals {
        let f2 = try second.forward(sigmoid.forward(first.forward(x)))
        let loss = try lossPlan(f2.shape, mode: .training)
        _ = try loss.forward(f2, targets: y)
        loss.backward()

        let df2 = loss.inputGradient ?? .zeros(f2.shape)
        let dh = try second.backward(df2)
        let df1 = try sigmoid.backward(dh)
        return ErrorSignals(f2: df2, h: dh, f1: df1, x: try first.backward(df1))
    }

    /// By moving each number a little: (L(z + ε) − L(z − ε)) / 2ε.
    func gradientsByDifferences(_ x: Tensor, _ y: Tensor) throws -> ErrorSignals {
        func loss(f2: Tensor) throws -> Double { try lossPlan(f2.shape, mode: .inference).forward(f2, targets: y) }
        func loss(h: Tensor) throws -> Double { try loss(f2: second(h)) }
        func loss(f1: Tensor) throws -> Double { try loss(h: sigmoid(f1)) }
        func loss(x: Tensor) throws -> Double { try loss(f1: first(x)) }

        let f1 = try first(x)
        let h = try sigmoid(f1)
        return ErrorSignals(
            f2: try centralDifferences(at: try second(h), of: loss(f2:)),
            h: try centralDifferences(at: h, of: loss(h:)),
            f1: try centralDifferences(at: f1, of: loss(f1:)), x: try centralDifferences(at: x, of: loss(x:)))
    }

    /// Softmax and cross-entropy, which the library computes as one, summed over the rows.
    private func lossPlan(_ shape: [Int], mode: Plan.Mode) throws -> Plan {
        let loss = CrossEntropyLoss(targets: .probabilities, reduction: .sum)
        return try Plan(Identity(), inputShape: shape, mode: mode, loss: loss, inputGradient: true)
    }
}

/// The gradient of `f` at a point. A smaller step than this would lose the difference in the rounding of Float.
private func centralDifferences(at point: Tensor, of f: (Tensor) throws -> Double) rethrows -> Tensor {
    let step: Float = 1 / 128
    let scalars = point.scalars
    func value(_ index: Int, moved distance: Float) throws -> Double {
        var moved = scalars
        moved[index] += distance
        return try f(Tensor(moved, shape: point.shape))
    }
    let differences = try scalars.indices.map { index in
        Float((try value(index, moved: step) - value(index, moved: -step)) / Double(2 * step))
    }
    return Tensor(differences, shape: point.shape)
}
