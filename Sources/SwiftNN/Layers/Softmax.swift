import CKernels

/// eˣⁱ / Σ eˣʲ over the last dimension. For a loss use `CrossEntropyLoss` on the logits instead.
public struct Softmax: StandaloneLayer {
    public let runner = LayerRunner()
    public init() {}
    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try addSoftmax(builder, input, SoftmaxOperation.Kind(snn_softmax_forward, snn_softmax_backward))
    }
    public var description: String { "Softmax()" }
}

/// xⁱ − log Σ eˣʲ over the last dimension.
public struct LogSoftmax: StandaloneLayer {
    public let runner = LayerRunner()
    public init() {}
    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        try addSoftmax(builder, input, SoftmaxOperation.Kind(snn_log_softmax_forward, snn_log_softmax_backward))
    }
    public var description: String { "LogSoftmax()" }
}

private func addSoftmax(_ builder: PlanBuilder, _ input: Value, _ kind: SoftmaxOperation.Kind) throws -> Value {
    try builder.require((input.shape.last ?? 0) > 0, expected: "[..., classes]", got: input.shape)
    let input = builder.contiguous(input)
    let output = builder.makeValue(input.shape, from: input)
    return builder.add(SoftmaxOperation(kind, input: input, output: output), output)
}

private final class SoftmaxOperation: Operation {
    /// The kernels of softmax or of its logarithm.
    struct Kind {
        let forward: (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
        let backward: (Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

        init(
            _ forward: @escaping (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void,
            _ backward:
                @escaping (
                    Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
                ) -> Void
        ) {
            (self.forward, self.backward) = (forward, backward)
        }
    }

    private let kind: Kind
    private let input: Value, output: Value
    private let rows: Int, classes: Int

    init(_ kind: Kind, input: Value, output: Value) {
        (self.kind, self.input, self.output) = (kind, input, output)
        classes = input.shape.last ?? 1
        rows = input.count / classes
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] { [output.buffer, input.gradient, output.gradient].compactMap { $0 } }

    func forward(step: Int) { kind.forward(rows, classes, input.buffer.floats, output.buffer.floats) }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        kind.backward(rows, classes, output.buffer.floats, dy.floats, dx.floats)
    }
}
