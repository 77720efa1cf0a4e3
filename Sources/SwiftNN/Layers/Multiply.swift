import CKernels

/// factor · x with a constant factor: a network's output scaled down, so that a large learning rate fits all its layers.
public struct Multiply: StandaloneLayer {
    public let factor: Float
    public let runner = LayerRunner()

    public init(by factor: Float) { self.factor = factor }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        let output = builder.makeValue(input.shape, input.order, from: input)
        return builder.add(MultiplyOperation(factor, input: input, output: output), output)
    }

    public var description: String { "Multiply(by: \(factor))" }
}

private final class MultiplyOperation: Operation {
    private let factor: Float
    private let input: Value, output: Value

    init(_ factor: Float, input: Value, output: Value) {
        (self.factor, self.input, self.output) = (factor, input, output)
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { [input.gradient, output.gradient].compactMap { $0 } }

    func forward(step: Int) { snn_scale(input.count, factor, input.buffer.floats, output.buffer.floats) }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        snn_scale(input.count, factor, dy.floats, dx.floats)
    }
}
