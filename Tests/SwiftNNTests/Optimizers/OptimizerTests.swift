import ReferenceKernels
import SwiftNN
import Testing

/// Groups, frozen parameters, changing rates, rules of one's own.
@Suite struct OptimizerTests {
    @Test func groupsHaveTheirOwnRules() {
        let (a, b) = (parameter(1), parameter(1))
        let optimizer = Optimizer(groups: [ParameterGroup([a], SGD(lr: 0.5)), ParameterGroup([b], SGD(lr: 0.25))])
        optimizer.rateFactor = 0.5
        setGradients([a, b])
        optimizer.step()
        #expect(a.value.scalars == [0.75, 0.75])
        #expect(b.value.scalars == [0.875, 0.875])
        optimizer.learningRate = 2
        #expect(optimizer.groups.map(\.rule.lr) == [1, 1])
    }

    @Test func skipsWhatIsFrozenOrHasNoGradient() {
        let (frozen, idle, active) = (parameter(1), parameter(1), parameter(1))
        frozen.requiresGradient = false
        let optimizer = Optimizer(Adam(lr: 0.1), [frozen, idle, active])
        setGradients([frozen, active])
        optimizer.step()
        #expect(frozen.value.scalars == [1, 1])
        #expect(idle.value.scalars == [1, 1])
        #expect(active.value.scalars != [1, 1])
        #expect(optimizer.state.map(\.step) == [0, 0, 1])
        optimizer.clearGradients()
        #expect(!active.hasGradient)
        #expect(active.gradient == .zeros([2]))
    }

    @Test func changingAValueLeavesNoGradient() {
        let idle = parameter(1)
        idle.update { value, _ in value[0] = 3 }
        Optimizer(SGD(lr: 0.5, weightDecay: 1), [idle]).step()
        #expect(idle.value.scalars == [3, 1])
    }

    /// Every stored number and choice: what is added to a rule must be in its description, too.
    @Test(arguments: [SGD(lr: 0.1), Adam(), RMSProp(), Muon()] as [any UpdateRule])
    func theDescriptionNamesEveryHyperParameter(rule: any UpdateRule) {
        for case (let name?, let value) in Mirror(reflecting: rule).children {
            // What makes AdamW of Adam, and memory.
            if ["decoupledDecay", "scratch"].contains(name) && !(rule is SGD) { continue }
            let isNamed = ["\(name): \(value)", "\(name): .\(value)"].contains(where: rule.description.contains)
            #expect(isNamed, "\(rule) without \(name) \(value)")
        }
    }

    @Test func takesARuleOfYourOwn() {
        struct SignDescent: UpdateRule {
            var lr: Float
            let slots = 1
            func update(
                _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>,
                state: inout MutableSpan<Float>, step: Int,
                gradientScale: Float
            ) {
                for i in gradient.indices {
                    state[i] += 1
                    weights[i] -= lr * (gradient[i] * gradientScale < 0 ? -1 : 1) * state[i]
                }
            }
            var description: String { "SignDescent(lr: \(lr))" }
        }
        let weights = parameter(1)
        let optimizer = Optimizer(SignDescent(lr: 0.5), [weights])
        for _ in 0..<2 {
            setGradients([weights])
            optimizer.step()
        }
        #expect(weights.value.scalars == [-0.5, -0.5])
        #expect(optimizer.state[0].numbers.scalars == [2, 2])
    }

    @Test func valuesReadBeforeAStepStay() {
        let weights = parameter(1)
        let before = weights.value
        setGradients([weights])
        Optimizer(SGD(lr: 1), [weights]).step()
        #expect(before.scalars == [1, 1])
        #expect(weights.value.scalars == [0, 0])
    }

    @Test func decoupledDecayShrinksWeights() {
        let weights = parameter(2)
        setGradients([weights])
        Optimizer(SGD(lr: 0.5, weightDecay: 0.5, decoupledDecay: true), [weights]).step()
        #expect(weights.value.scalars == [1, 1])
    }

    // MARK: The forms of momentum

    /// v ← 0.9 v + (1 − dampening) g with w ← w − lr v, or v ← 0.9 v − lr (g + 0.01 w) with w ← w + v, written out on one
    /// weight with a rate that falls: v and w after every step.
    @Test func velocityCollectsGradientsOrSteps() {
        let (gradients, rates) = ([1, -0.5, 0.25, 2], [0.5, 0.5, 0.25, 0.125])
        func expected(_ step: (_ v: Double?, _ w: Double, _ g: Double, _ rate: Double) -> (Double, Double)) -> [Double]
        {
            var (v, w) = (Double?.none, 2.0)
            return zip(gradients, rates).flatMap { gradient, rate in
                let (newV, newW) = step(v, w, gradient, rate)
                (v, w) = (newV, newW)
                return [newV, newW]
            }
        }
        let gradientForm = expected { v, w, g, rate in
            let v = 0.9 * (v ?? 0) + g
            return (v, w - rate * v)
        }
        let averageForm = expected { v, w, g, rate in
            let v = 0.9 * (v ?? g) + 0.1 * g
            return (v, w - rate * v)
        }
        let stepForm = expected { v, w, g, rate in
            let v = 0.9 * (v ?? 0) - 0.01 * rate * w - rate * g
            return (v, w + v)
        }
        let cases = [
            (SGD(lr: 0.5, momentum: 0.9), gradientForm),
            (SGD(lr: 0.5, momentum: 0.9, dampening: 0.9), averageForm),
            (SGD(lr: 0.5, momentum: 0.9, weightDecay: 0.01, velocity: .steps), stepForm),
        ]
        for (rule, expected) in cases {
            let trajectory = velocitiesAndWeights(rule, gradients: gradients, rates: rates)
            #expect(relativeError(trajectory, expected) < 2e-7, "\(rule)")
        }
    }

    /// Sutskever's Nesterov momentum takes the gradient at θ + μv: here with the gradient 3w − 1, whose look-ahead point
    /// the optimizer's weight is.
    @Test func nesterovLooksAhead() {
        let (momentum, rates) = (0.9, [0.1, 0.1, 0.05, 0.02])
        var (theta, v, expected) = (2.0, 0.0, [Double]())
        for rate in rates {
            v = momentum * v - rate * (3 * (theta + momentum * v) - 1)
            theta += v
            expected.append(theta + momentum * v)
        }
        let weight = Parameter([1], .constant(2))
        let optimizer = Optimizer(SGD(lr: 1, momentum: 0.9, nesterov: true, velocity: .steps), [weight])
        let weights = rates.map { rate in
            optimizer.rateFactor = Float(rate)
            weight.gradient = 3 * weight.value - Tensor([1])
            optimizer.step()
            return weight.value.scalar
        }
        #expect(relativeError(weights, expected) < 5e-7)
    }

    @Test func momentumGoesOnFromAGivenStep() {
        let weight = Parameter([1], .constant(1))
        let optimizer = Optimizer(SGD(lr: 0.25, momentum: 0.5, velocity: .steps), [weight])
        optimizer.state = [(numbers: Tensor([0.5], shape: [1, 1]), step: 1)]
        weight.gradient = Tensor([2])
        optimizer.step()
        #expect(weight.value.scalars == [0.75])
        #expect(optimizer.state[0].numbers.scalars == [-0.25])
    }

    private func velocitiesAndWeights(_ rule: SGD, gradients: [Double], rates: [Double]) -> [Float] {
        let weight = Parameter([1], .constant(2))
        let optimizer = Optimizer(rule, [weight])
        return zip(gradients, rates).flatMap { gradient, rate in
            optimizer.learningRate = Float(rate)
            weight.gradient = Tensor([Float(gradient)])
            optimizer.step()
            return [optimizer.state[0].numbers.scalar, weight.value.scalar]
        }
    }

    // MARK: Parameters

    private func parameter(_ value: Float) -> Parameter { Parameter([2], .constant(value)) }

    private func setGradients(_ parameters: [Parameter]) {
        for parameter in parameters { parameter.gradient = Tensor([1, 1], shape: [2]) }
    }
}
