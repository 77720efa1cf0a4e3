import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct OptimizerTests {
    /// Five steps, each with a handful of roundings; RMSProp's centered variance cancels some digits on top.
    static let tolerance = 5e-6
    static let steps = 5
    static let rate: Float = 0.05
    /// SGD's rate at each step: where it changes, it matters what the velocity collects.
    static let rates: [Float] = [0.05, 0.05, 0.1, 0.02, 0.01]

    @Test(arguments: OptimizerCase.all) func matchesReference(_ optimizer: OptimizerCase) {
        let gradients = (0..<Self.steps).map { randomFloats(optimizer.count, seed: UInt64(10 + $0)) }
        let weights = randomFloats(optimizer.count, seed: 1)
        let expected = reference(optimizer, gradients, weights)
        onEveryConfiguration(optimizer) {
            run(optimizer, gradients, weights)
        } check: { results, isa in
            #expect(results.count == expected.count)
            for (result, expected) in zip(results, expected) {
                #expect(relativeError(result, expected) < Self.tolerance, "\(optimizer) on \(isa)")
            }
        }
    }

    // MARK: The kernels: weights and the state in use, after all steps.

    private func run(_ optimizer: OptimizerCase, _ gradients: [[Float]], _ weights: [Float]) -> [[Float]] {
        switch optimizer.algorithm {
        case .sgd: runSGD(optimizer.sgd, gradients, weights)
        case .adam(_, let amsgrad): runAdam(optimizer.adam, amsgrad, gradients, weights)
        case .rmsprop(_, let centered): runRMSProp(optimizer.rmsprop, centered, gradients, weights)
        }
    }

    private func runSGD(_ options: snn_sgd, _ gradients: [[Float]], _ weights: [Float]) -> [[Float]] {
        var options = options
        var weights = weights
        guard options.momentum != 0 else {
            for (gradient, rate) in zip(gradients, Self.rates) {
                options.rate = rate
                snn_sgd_step(&options, gradient.count, gradient, nil, &weights)
            }
            return [weights]
        }
        // The first step must not read the velocity.
        var velocity = [Float](repeating: .nan, count: weights.count)
        for (step, gradient) in gradients.enumerated() {
            options.rate = Self.rates[step]
            options.first_step = step == 0
            snn_sgd_step(&options, gradient.count, gradient, &velocity, &weights)
        }
        return [weights, velocity]
    }

    private func runAdam(
        _ options: snn_adam, _ amsgrad: Bool, _ gradients: [[Float]], _ weights: [Float]
    ) -> [[Float]] {
        var options = options
        var (weights, first) = (weights, [Float](repeating: 0, count: weights.count))
        var (second, maxSecond) = (first, first)
        for (step, gradient) in gradients.enumerated() {
            options.step = step + 1
            if amsgrad {
                snn_adam_step(&options, gradient.count, gradient, &first, &second, &maxSecond, &weights)
            } else {
                snn_adam_step(&options, gradient.count, gradient, &first, &second, nil, &weights)
            }
        }
        return [weights, first, second] + (amsgrad ? [maxSecond] : [])
    }

    private func runRMSProp(
        _ options: snn_rmsprop, _ centered: Bool, _ gradients: [[Float]], _ weights: [Float]
    ) -> [[Float]] {
        var options = options
        var (weights, square) = (weights, [Float](repeating: 0, count: weights.count))
        var (average, velocity) = (square, square)
        for gradient in gradients {
            velocity.withUnsafeMutableBufferPointer { velocity in
                average.withUnsafeMutableBufferPointer { average in
                    snn_rmsprop_step(
                        &options, gradient.count, gradient, &square, centered ? average.baseAddress : nil,
                        options.momentum != 0 ? velocity.baseAddress : nil, &weights)
                }
            }
        }
        return [weights, square] + (centered ? [average] : []) + (options.momentum != 0 ? [velocity] : [])
    }

    // MARK: The reference, in the same order.

    private func reference(_ optimizer: OptimizerCase, _ gradients: [[Float]], _ weights: [Float]) -> [[Double]] {
        let scale = Double(optimizer.gradientScale)
        let columns = weights.indices.map { i in gradients.map { Double($0[i]) * scale } }
        let perWeight = zip(weights, columns).map { weight, gradients in
            switch optimizer.algorithm {
            case .sgd: referenceSGD(optimizer, gradients, Double(weight))
            case .adam: referenceAdam(optimizer, gradients, Double(weight))
            case .rmsprop: referenceRMSProp(optimizer, gradients, Double(weight))
            }
        }
        return (0..<optimizer.stateCount).map { state in perWeight.map { $0[state] } }
    }

    private func referenceSGD(_ optimizer: OptimizerCase, _ gradients: [Double], _ weight: Double) -> [Double] {
        let options = optimizer.sgd
        var reference = ReferenceSGD()
        reference.momentum = Double(options.momentum)
        reference.dampening = Double(options.dampening)
        reference.weightDecay = Double(options.weight_decay)
        reference.nesterov = options.nesterov
        reference.decoupled = options.decoupled
        reference.velocityOfSteps = options.velocity_of_steps
        var (weight, velocity) = (weight, Double?.none)
        for (gradient, rate) in zip(gradients, Self.rates) {
            reference.rate = Double(rate)
            reference.step(gradient: gradient, velocity: &velocity, weight: &weight)
        }
        return [weight, velocity ?? 0]
    }

    private func referenceAdam(_ optimizer: OptimizerCase, _ gradients: [Double], _ weight: Double) -> [Double] {
        let options = optimizer.adam
        var reference = ReferenceAdam()
        reference.rate = Double(options.rate)
        reference.beta1 = Double(options.beta1)
        reference.beta2 = Double(options.beta2)
        reference.epsilon = Double(options.epsilon)
        reference.weightDecay = Double(options.weight_decay)
        reference.decoupled = options.decoupled
        if case .adam(_, amsgrad: true) = optimizer.algorithm { reference.amsgrad = true }
        var (weight, first, second, maxSecond) = (weight, 0.0, 0.0, 0.0)
        for (step, gradient) in gradients.enumerated() {
            reference.step(
                step + 1, gradient: gradient, first: &first, second: &second, maxSecond: &maxSecond, weight: &weight)
        }
        return [weight, first, second, maxSecond]
    }

    private func referenceRMSProp(_ optimizer: OptimizerCase, _ gradients: [Double], _ weight: Double) -> [Double] {
        let options = optimizer.rmsprop
        var reference = ReferenceRMSProp()
        reference.rate = Double(options.rate)
        reference.smoothing = Double(options.smoothing)
        reference.epsilon = Double(options.epsilon)
        reference.weightDecay = Double(options.weight_decay)
        reference.momentum = Double(options.momentum)
        if case .rmsprop(_, centered: true) = optimizer.algorithm { reference.centered = true }
        var (weight, square, average, velocity) = (weight, 0.0, 0.0, 0.0)
        for gradient in gradients {
            reference.step(
                gradient: gradient, squareAverage: &square, gradientAverage: &average, velocity: &velocity,
                weight: &weight)
        }
        return [weight, square] + (reference.centered ? [average] : []) + [velocity]
    }
}

extension OptimizerCase {
    /// Weights and arrays of state.
    fileprivate var stateCount: Int {
        switch algorithm {
        case .sgd(let momentum, _, _, _, _): momentum == 0 ? 1 : 2
        case .adam(_, let amsgrad): amsgrad ? 4 : 3
        case .rmsprop(let momentum, let centered): 2 + (centered ? 1 : 0) + (momentum == 0 ? 0 : 1)
        }
    }

    fileprivate var sgd: snn_sgd {
        guard case .sgd(let momentum, let dampening, let nesterov, let decoupled, let velocityOfSteps) = algorithm
        else { fatalError() }
        return snn_sgd(
            rate: OptimizerTests.rate, momentum: momentum, dampening: dampening, weight_decay: weightDecay,
            gradient_scale: gradientScale, nesterov: nesterov, decoupled: decoupled,
            velocity_of_steps: velocityOfSteps, first_step: true)
    }

    fileprivate var adam: snn_adam {
        guard case .adam(let decoupled, _) = algorithm else { fatalError() }
        return snn_adam(
            rate: OptimizerTests.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: weightDecay,
            gradient_scale: gradientScale, decoupled: decoupled, step: 1)
    }

    fileprivate var rmsprop: snn_rmsprop {
        guard case .rmsprop(let momentum, _) = algorithm else { fatalError() }
        return snn_rmsprop(
            rate: OptimizerTests.rate, smoothing: 0.9, epsilon: 1e-8, weight_decay: weightDecay, momentum: momentum,
            gradient_scale: gradientScale)
    }
}
