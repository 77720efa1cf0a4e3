import CKernels

/// In training, sets each element to 0 with a probability and divides the others by 1 − probability; otherwise nothing
/// (Srivastava et al. 2014, inverted).
public struct Dropout: StandaloneLayer {
    /// Of an element to become 0, in 0 ..< 1.
    public let probability: Float
    public let runner = LayerRunner()

    public init(_ probability: Float = 0.5) {
        precondition((0..<1).contains(probability), "Dropout: the probability must be in 0 ..< 1, not \(probability)")
        self.probability = probability
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        guard builder.mode == .training && probability > 0 else { return input }
        let output = builder.makeValue(input.shape, input.order, from: input)
        return builder.add(DropoutOperation(builder, probability, input: input, output: output), output)
    }

    public var description: String { "Dropout(\(probability))" }
}

private final class DropoutOperation: Operation {
    private let probability: Float
    private let seed: UInt64
    private let input: Value, output: Value
    private let mask: Buffer

    init(_ builder: PlanBuilder, _ probability: Float, input: Value, output: Value) {
        (self.probability, self.input, self.output) = (probability, input, output)
        seed = builder.nextSeed()
        mask = builder.makeBuffer(bytes: input.count)
    }

    private var kept: UnsafeMutablePointer<UInt8> { mask.bytes.assumingMemoryBound(to: UInt8.self) }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer, mask] }
    var backwardBuffers: [Buffer] { [mask, input.gradient, output.gradient].compactMap { $0 } }

    func forward(step: Int) {
        let seed = RandomStream.derivedSeed(from: seed, index: step)
        snn_dropout_forward(input.count, probability, seed, 0, input.buffer.floats, output.buffer.floats, kept)
    }

    func backward() {
        guard let dx = input.gradient, let dy = output.gradient else { return }
        snn_dropout_backward(input.count, probability, kept, dy.floats, dx.floats)
    }
}
