import SwiftNN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Hands its input on as a copy, which nothing can be fused across.
struct Copy: CustomLayer {
    let runner = LayerRunner()
    func outputShape(for input: [Int]) -> [Int] { input }
    func forward(_ x: Span<Float>, shape: [Int], mode: Plan.Mode, into y: inout MutableSpan<Float>) {
        for i in x.indices { y[i] = x[i] }
    }
    func backward(
        input: Span<Float>, output: Span<Float>, outputGradient dy: Span<Float>, shape: [Int],
        into dx: inout MutableSpan<Float>
    ) {
        for i in dy.indices { dx[i] = dy[i] }
    }
    var description: String { "Copy()" }
}

/// y = x · scale with a scale for each feature: a layer with a parameter.
struct Scale: CustomLayer {
    let scale: Parameter
    let runner = LayerRunner()

    init(_ features: Int) { scale = Parameter([features], .constant(0.5)) }

    var namedParameters: [NamedParameter] { [NamedParameter("scale", scale)] }
    var description: String { "Scale(\(scale.count))" }

    func outputShape(for input: [Int]) throws -> [Int] {
        guard input.last == scale.count else {
            throw ShapeError(layer: description, expected: "[..., \(scale.count)]", got: input)
        }
        return input
    }

    func forward(_ x: Span<Float>, shape: [Int], mode: Plan.Mode, into y: inout MutableSpan<Float>) {
        let factors = scale.value
        factors.withSpan { factors in
            for i in x.indices { y[i] = x[i] * factors[i % factors.count] }
        }
    }

    func backward(
        input x: Span<Float>, output: Span<Float>, outputGradient dy: Span<Float>, shape: [Int],
        into dx: inout MutableSpan<Float>
    ) {
        scale.value.withSpan { factors in
            for i in dy.indices { dx[i] = dy[i] * factors[i % factors.count] }
        }
        scale.addToGradient { gradient in
            for i in dy.indices { gradient[i % gradient.count] += dy[i] * x[i] }
        }
    }
}

/// x / (1 + |x|).
struct Softsign: ActivationFunction {
    func value(_ x: Float) -> Float { x / (1 + abs(x)) }
    func derivative(_ x: Float) -> Float { 1 / ((1 + abs(x)) * (1 + abs(x))) }
}

/// Cross-entropy by the definition.
struct PlainCrossEntropy: LabelLoss {
    func evaluate(
        _ prediction: Span<Float>, classes: Int, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> Double {
        var loss = 0.0
        for row in labels.indices {
            var sum = 0.0
            for c in 0..<classes { sum += exp(Double(prediction[row * classes + c])) }
            for c in 0..<classes {
                let probability = exp(Double(prediction[row * classes + c])) / sum
                let target = Int(labels[row]) == c ? 1.0 : 0
                if target == 1 { loss -= log(probability) / Double(labels.count) }
                gradient[row * classes + c] = Float((probability - target) / Double(labels.count))
            }
        }
        return loss
    }
}

/// The mean squared error by the definition.
struct PlainMSE: ValueLoss {
    func evaluate(
        _ prediction: Span<Float>, targets: Span<Float>, shape: [Int], gradient: inout MutableSpan<Float>
    ) -> Double {
        var loss = 0.0
        for i in prediction.indices {
            let difference = Double(prediction[i] - targets[i])
            loss += difference * difference / Double(prediction.count)
            gradient[i] = Float(2 * difference / Double(prediction.count))
        }
        return loss
    }
}

/// Descent along the gradient, in Swift.
struct PlainDescent: UpdateRule {
    var lr: Float
    let slots = 0
    func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int,
        gradientScale: Float
    ) {
        for i in gradient.indices { weights[i] -= lr * gradientScale * gradient[i] }
    }
    var description: String { "PlainDescent(lr: \(lr))" }
}

/// Descent that breaks the weights at a step, as an update that overflows does.
struct Breaking: UpdateRule {
    var lr: Float = 0.1
    let slots = 0
    let breaksAt: Int

    func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int, gradientScale: Float
    ) {
        for i in gradient.indices { weights[i] -= lr * gradient[i] }
        if step == breaksAt { weights[0] = .infinity }
    }

    var description: String { "Breaking()" }
}
