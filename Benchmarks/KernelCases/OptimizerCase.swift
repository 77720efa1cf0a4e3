/// Some steps of an optimizer on one array of parameters.
public struct OptimizerCase: KernelCase {
    public enum Algorithm: Sendable {
        case sgd(
            momentum: Float, dampening: Float, nesterov: Bool, decoupled: Bool, velocityOfSteps: Bool = false)
        case adam(decoupled: Bool, amsgrad: Bool)
        case rmsprop(momentum: Float, centered: Bool)
    }

    public var algorithm: Algorithm
    public var weightDecay: Float
    public var gradientScale: Float
    public var count: Int

    public var description: String { "\(algorithm) decay=\(weightDecay) scale=\(gradientScale) \(count)" }
    public var operations: Int { count }

    /// Every option of every algorithm at one size, and every size with all state in use.
    public static let all: [OptimizerCase] =
        algorithms.flatMap { algorithm in
            [(0, 1), (0.05, 0.5)].map { (weightDecay: Float, gradientScale: Float) in
                OptimizerCase(
                    algorithm: algorithm, weightDecay: weightDecay, gradientScale: gradientScale, count: 37)
            }
        }
        + [0, 1, 4, 7, 8, 15, 16, 17, 33, 4_096, 4_097, 20_003].flatMap { count in
            [
                Algorithm.sgd(momentum: 0.9, dampening: 0.1, nesterov: false, decoupled: false),
                .adam(decoupled: true, amsgrad: true), .rmsprop(momentum: 0.9, centered: true),
            ].map { OptimizerCase(algorithm: $0, weightDecay: 0.01, gradientScale: 1, count: count) }
        }

    private static let algorithms: [Algorithm] =
        [false, true].flatMap { decoupled in
            [
                .sgd(momentum: 0, dampening: 0, nesterov: false, decoupled: decoupled),
                .sgd(momentum: 0.9, dampening: 0, nesterov: false, decoupled: decoupled),
                .sgd(momentum: 0.9, dampening: 0.3, nesterov: false, decoupled: decoupled),
                .sgd(momentum: 0.9, dampening: 0, nesterov: true, decoupled: decoupled),
                .sgd(momentum: 0, dampening: 0, nesterov: false, decoupled: decoupled, velocityOfSteps: true),
                .sgd(momentum: 0.9, dampening: 0.3, nesterov: false, decoupled: decoupled, velocityOfSteps: true),
                .sgd(momentum: 0.9, dampening: 0, nesterov: true, decoupled: decoupled, velocityOfSteps: true),
                .adam(decoupled: decoupled, amsgrad: false), .adam(decoupled: decoupled, amsgrad: true),
                .rmsprop(momentum: 0, centered: decoupled), .rmsprop(momentum: 0.9, centered: decoupled),
            ]
        }
}
