import CKernels

/// Changes the memory order of a value.
final class ReorderOperation: Operation {
    private let input: Value, output: Value

    init(input: Value, output: Value) {
        (self.input, self.output) = (input, output)
        // What is rounded stays so.
        output.buffer.isRounded = true
        input.gradient?.isRounded = true
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { [input.gradient, output.gradient].compactMap { $0 } }

    func forward(step: Int) {
        input.copy(input.buffer.floats, in: input.order, to: output.buffer.floats, in: output.order)
    }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        input.copy(dy.floats, in: output.order, to: dx.floats, in: input.order)
    }
}

/// Changes the format of a value's numbers.
final class ConvertOperation: Operation {
    private let input: Value, output: Value

    init(input: Value, output: Value) { (self.input, self.output) = (input, output) }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { [input.gradient, output.gradient].compactMap { $0 } }

    func forward(step: Int) { input.format.convert(input.count, input.buffer, to: output.format, output.buffer) }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        output.format.convert(input.count, dy, to: input.format, dx)
    }
}

/// One value for two consumers: nothing forward, the sum of both gradients backward.
final class ForkOperation: Operation {
    private let value: Value, first: Value, second: Value
    /// Of what wrote the value: its derivative is taken in the same pass.
    private let activation: Activation

    init(value: Value, first: Value, second: Value, _ activation: Activation) {
        (self.value, self.first, self.second) = (value, first, second)
        self.activation = activation
    }

    var forwardBuffers: [Buffer] { [value.buffer] }
    var backwardBuffers: [Buffer] {
        [value.gradient, first.gradient, second.gradient].compactMap { $0 }
            + (activation == .identity ? [] : [value.buffer])
    }

    func forward(step: Int) {}

    func backward() {
        guard let dx = value.gradient, let a = first.gradient, let b = second.gradient else { return }
        value.format.differentiate(activation, value.count, fromOutput: value.buffer, a, b, into: dx)
    }
}

/// The sum of two values. Their gradients and the sum's share memory, so that nothing is to do backward but for an
/// activation behind it.
final class SumOperation: ActivationFusing {
    private let a: Value, b: Value, output: Value
    let fused: FusedActivation

    init(_ builder: PlanBuilder, a: Value, b: Value, output: Value) {
        (self.a, self.b, self.output) = (a, b, output)
        fused = FusedActivation(output: output, builder)
    }

    var forwardBuffers: [Buffer] { [a.buffer, b.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { fused.backwardBuffers }

    func forward(step: Int) {
        output.format.activate(fused.activation, output.count, a.buffer, b.buffer, into: output.buffer)
    }

    func backward() { _ = fused.gradientInFront() }
}
