import Foundation

/// The activations by their definitions, in Double. The raw values are those of C's snn_activation_kind.
public enum ReferenceActivation: UInt32, CaseIterable, Sendable {
    case identity
    case binaryStep
    case sigmoid
    case tanh
    case arctan
    case relu
    case leakyReLU
    case elu
    case gelu
    case geluSigmoid
    case geluTanh
    case silu
    case softplus

    public func value(_ x: Double, parameter: Double) -> Double {
        switch self {
        case .identity: x
        case .binaryStep: x < 0 ? 0 : 1
        case .sigmoid: logistic(x)
        case .tanh: Foundation.tanh(x)
        case .arctan: atan(x)
        case .relu: x > 0 ? x : 0
        case .leakyReLU: x > 0 ? x : parameter * x
        case .elu: x > 0 ? x : parameter * expm1(x)
        case .gelu: x * normalDistribution(x)
        case .geluSigmoid: x * logistic(1.702 * x)
        case .geluTanh: 0.5 * x * (1 + Foundation.tanh(geluTanhArgument(x)))
        case .silu: x * logistic(x)
        case .softplus: max(x, 0) + log1p(exp(-abs(x)))
        }
    }

    public func derivative(_ x: Double, parameter: Double) -> Double {
        switch self {
        case .identity: return 1
        case .binaryStep: return 0
        case .sigmoid: return logistic(x) * logistic(-x)
        case .tanh: return 1 / (cosh(x) * cosh(x))
        case .arctan: return 1 / (1 + x * x)
        case .relu: return x > 0 ? 1 : 0
        case .leakyReLU: return x > 0 ? 1 : parameter
        case .elu: return x > 0 ? 1 : parameter * exp(x)
        case .gelu: return normalDistribution(x) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
        case .geluSigmoid: return logistic(1.702 * x) * (1 + 1.702 * x * logistic(-1.702 * x))
        case .geluTanh:
            let t = Foundation.tanh(geluTanhArgument(x))
            let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
            return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope
        case .silu: return logistic(x) * (1 + x * logistic(-x))
        case .softplus: return logistic(x)
        }
    }

    public func values(_ x: [Double], parameter: Double) -> [Double] { x.map { value($0, parameter: parameter) } }

    public func derivatives(_ x: [Double], parameter: Double) -> [Double] {
        x.map { derivative($0, parameter: parameter) }
    }

    /// dy * f'(x).
    public func backward(_ x: [Double], dy: [Double], parameter: Double) -> [Double] {
        zip(x, dy).map { $1 * derivative($0, parameter: parameter) }
    }
}

/// 1 / (1 + exp(-x)).
public func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }

private func geluTanhArgument(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }

/// PReLU on rows of channels, by the definition: y, dx and the gradient of the slopes.
public func referencePReLU(
    rows: Int, channels: Int, x: [Double], slope: [Double], dy: [Double]
) -> (y: [Double], dx: [Double], dslope: [Double]) {
    var y = x
    var dx = dy
    var dslope = [Double](repeating: 0, count: slope.count)
    for i in 0..<rows * channels where x[i] <= 0 {
        let s = slope.count == 1 ? 0 : i % channels
        y[i] = slope[s] * x[i]
        dx[i] = slope[s] * dy[i]
        dslope[s] += x[i] * dy[i]
    }
    return (y, dx, dslope)
}
