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

    @Test func takesARuleOfYourOwn() {
        struct SignDescent: UpdateRule {
            var lr: Float
            let slots = 1
            func update(
                _ weights: inout MutableSpan<Float>, gradient: Span<Float>, state: inout MutableSpan<Float>, step: Int,
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

    private func parameter(_ value: Float) -> Parameter { Parameter([2], .constant(value)) }

    private func setGradients(_ parameters: [Parameter]) {
        for parameter in parameters { parameter.gradient = Tensor([1, 1], shape: [2]) }
    }
}
