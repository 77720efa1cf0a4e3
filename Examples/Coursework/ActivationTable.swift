import ArgumentParser
import SwiftNN

/// The activations of the exercise, with the derivatives that its table lists.
enum HiddenActivation: String, ExpressibleByArgument, CaseIterable {
    case identity
    case binaryStep = "binary-step"
    case logistic, tanh, arctan, relu, prelu, elu, softplus
    /// The student's own.
    case squareplus

    /// Works by itself or in a model.
    var layer: any StandaloneLayer {
        switch self {
        case .identity: Identity()
        case .binaryStep: BinaryStep()
        case .logistic: Sigmoid()
        case .tanh: Tanh()
        case .arctan: Arctan()
        case .relu: ReLU()
        case .prelu: PReLU()
        case .elu: ELU()
        case .softplus: Softplus()
        case .squareplus: CustomActivation(Squareplus())
        }
    }

    var formula: String {
        switch self {
        case .identity: "x"
        case .binaryStep: "0 for x < 0, else 1"
        case .logistic: "1 / (1 + e⁻ˣ)"
        case .tanh: "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"
        case .arctan: "arctan x"
        case .relu: "0 for x ≤ 0, else x"
        case .prelu: "αx for x ≤ 0, else x"
        case .elu: "eˣ − 1 for x ≤ 0, else x"
        case .softplus: "log(1 + eˣ)"
        case .squareplus: "(x + √(x² + 4)) / 2"
        }
    }

    var derivative: String {
        switch self {
        case .identity: "1"
        case .binaryStep: "0"
        case .logistic: "f (1 − f)"
        case .tanh: "1 − f²"
        case .arctan: "1 / (x² + 1)"
        case .relu: "0 for x ≤ 0, else 1"
        case .prelu: "α for x ≤ 0, else 1"
        case .elu: "f + 1 for x ≤ 0, else 1"
        case .softplus: "1 / (1 + e⁻ˣ)"
        case .squareplus: "(1 + x / √(x² + 4)) / 2"
        }
    }

    /// Whether the function or one of its first two derivatives jumps at 0, so that differences across 0 tell little.
    var hasKink: Bool { [.binaryStep, .relu, .prelu, .elu].contains(self) }
}

/// Values and derivatives of an activation as the library computes them, and the derivatives by central differences.
struct ActivationTable {
    static let points: [Float] = [-4, -1, -0.5, 0, 0.5, 1, 4]
    /// Half the distance over which differences are taken; a power of two, so that x ± it are exact.
    static let step: Float = 1 / 128

    let activation: HiddenActivation
    let values: [Float]
    let derivatives: [Float]
    /// nil where there is a kink.
    let differences: [Float?]

    init(_ activation: HiddenActivation) throws {
        let layer = activation.layer
        let x = Tensor(Self.points)
        self.activation = activation
        values = try layer.forward(x).scalars
        derivatives = try layer.backward(Tensor(repeating: 1, shape: x.shape)).scalars
        let above = try layer.forward(Tensor(Self.points.map { $0 + Self.step })).scalars
        let below = try layer.forward(Tensor(Self.points.map { $0 - Self.step })).scalars
        differences = Self.points.indices.map { i in
            activation.hasKink && Self.points[i] == 0 ? nil : (above[i] - below[i]) / (2 * Self.step)
        }
    }

    /// How far derivatives and differences are apart at most.
    var largestError: Float { zip(derivatives, differences).map { d, q in q.map { abs(d - $0) } ?? 0 }.max() ?? 0 }

    static func printAll() throws {
        for activation in HiddenActivation.allCases {
            let table = try ActivationTable(activation)
            print("\(activation.rawValue): f = \(activation.formula),  f′ = \(activation.derivative)")
            print("  x  ", row(points))
            print("  f  ", row(table.values))
            print("  f′ ", row(table.derivatives))
            print("  Δf ", row(table.differences), "  at most \(NumberText.short(Double(table.largestError))) apart")
        }
    }

    private static func row(_ numbers: [Float?]) -> String {
        numbers.map { number in
            let text = number.map { NumberText.fixed(Double($0), digits: 4) } ?? "kink"
            return String(repeating: " ", count: max(9 - text.count, 0)) + text
        }.joined()
    }
}
