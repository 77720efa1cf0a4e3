import Foundation

/// torch.optim.SGD on one parameter, kept by its formulas; `decoupled` is the weight decay of SGDW, `velocityOfSteps` the
/// momentum of Polyak and Sutskever.
public struct ReferenceSGD {
    public var rate = 0.1, momentum = 0.0, dampening = 0.0, weightDecay = 0.0
    public var nesterov = false, decoupled = false, velocityOfSteps = false

    public init() {}

    /// - Parameter velocity: nil before the first step.
    public func step(gradient: Double, velocity: inout Double?, weight: inout Double) {
        var g = gradient
        if decoupled { weight *= 1 - rate * weightDecay } else { g += weightDecay * weight }
        if velocityOfSteps {
            let v = velocity.map { momentum * $0 - rate * (1 - dampening) * g } ?? -rate * g
            velocity = v
            weight += nesterov ? momentum * v - rate * g : v
            return
        }
        if momentum != 0 {
            let v = velocity.map { momentum * $0 + (1 - dampening) * g } ?? g
            velocity = v
            g = nesterov ? g + momentum * v : v
        }
        weight -= rate * g
    }
}

/// torch.optim.Adam, or AdamW where decoupled, on one parameter.
public struct ReferenceAdam {
    public var rate = 0.1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.0
    public var decoupled = false, amsgrad = false

    public init() {}

    public func step(
        _ step: Int, gradient: Double, first: inout Double, second: inout Double, maxSecond: inout Double,
        weight: inout Double
    ) {
        var g = gradient
        if decoupled { weight *= 1 - rate * weightDecay } else { g += weightDecay * weight }
        first = beta1 * first + (1 - beta1) * g
        second = beta2 * second + (1 - beta2) * g * g
        maxSecond = max(maxSecond, second)
        let m = first / (1 - pow(beta1, Double(step)))
        let v = (amsgrad ? maxSecond : second) / (1 - pow(beta2, Double(step)))
        weight -= rate * m / (v.squareRoot() + epsilon)
    }
}

/// torch.optim.RMSprop on one parameter.
public struct ReferenceRMSProp {
    public var rate = 0.1, smoothing = 0.99, epsilon = 1e-8, weightDecay = 0.0, momentum = 0.0
    public var centered = false

    public init() {}

    public func step(
        gradient: Double, squareAverage: inout Double, gradientAverage: inout Double, velocity: inout Double,
        weight: inout Double
    ) {
        let g = gradient + weightDecay * weight
        squareAverage = smoothing * squareAverage + (1 - smoothing) * g * g
        gradientAverage = smoothing * gradientAverage + (1 - smoothing) * g
        let variance = squareAverage - (centered ? gradientAverage * gradientAverage : 0)
        let step = g / (variance.squareRoot() + epsilon)
        velocity = momentum * velocity + step
        weight -= rate * velocity
    }
}
