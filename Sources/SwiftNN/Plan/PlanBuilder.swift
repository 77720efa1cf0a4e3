import CKernels

/// Turns layers into the operations of a plan. A layer's `build` receives one and calls it.
public final class PlanBuilder {
    /// Whether the plan will train: dropout drops, batch norm uses the batch's statistics, gradients are kept.
    public let mode: Plan.Mode
    public let precision: Precision
    private(set) var steps: [PlanStep] = []
    private(set) var buffers: [Buffer] = []
    private(set) var summary: [LayerSummary] = []
    /// Multiply-adds of matrix products and convolutions in a pass, by direct sums: forward, and backward in training.
    private(set) var multiplyAdds = 0
    private var path: [String] = []
    private var description = ""
    /// The operations that wrote buffers, as far as what follows may become a part of them.
    private var writers: [ObjectIdentifier: Writer] = [:]
    private let seed: UInt64
    /// What goes into the plan. Its memory order is open until the first operation reads it: channels-last where that
    /// operation asks for it, so that images are reordered at most once, on their way in.
    private(set) var input: Value
    private var inputIsRead = false

    init(mode: Plan.Mode, precision: Precision, seed: UInt64, inputShape: [Int], inputGradient: Bool) {
        self.mode = mode
        self.precision = precision
        self.seed = seed
        let count = inputShape.product
        let buffer = Buffer(byteCount: count * MemoryLayout<Float>.stride, isPersistent: true)
        let gradient = inputGradient ? Buffer(byteCount: buffer.byteCount, isPersistent: true) : nil
        input = Value(shape: inputShape, order: .contiguous, format: .float32, buffer: buffer, gradient: gradient)
        buffers = [buffer] + (gradient.map { [$0] } ?? [])
    }

    // MARK: Layers

    /// Adds a child layer under a name ("0", "shortcut"); errors and parameters carry the path of names.
    ///
    /// - Throws: `ShapeError` where the input does not fit the layer.
    public func build(_ layer: any Layer, named name: String, _ input: Value) throws -> Value {
        let outer = (path, description)
        path.append(name)
        description = layer.description
        defer { (path, description) = outer }
        return try build(layer, input)
    }

    /// Adds the outermost layer.
    func build(_ layer: any Layer, _ input: Value) throws -> Value {
        if path.isEmpty { description = layer.description }
        let takesAnyFormat = layer is any AnyFormatLayer || layer is any ActivationLayer || layer is any ContainerLayer
        let linesBefore = summary.count
        let output = try layer.build(self, takesAnyFormat ? input : converted(input, to: .float32))
        // The layers inside another one have lines of their own, with what they learn.
        let inside = summary[linesBefore...]
        let parameters = layer.parameterCount - inside.reduce(0) { $0 + $1.parameters }
        if !(layer is any ContainerLayer) && (inside.isEmpty || parameters > 0) {
            summary.append(
                LayerSummary(
                    name: path.joined(separator: "."), layer: layer.description, outputShape: output.shape,
                    parameters: parameters))
        }
        return output
    }

    /// Throws an error that names the layer being built, unless `condition` holds.
    ///
    /// - Parameters:
    ///   - expected: what would fit, as text: "[N, 3, H, W]".
    ///   - shape: of the tensor that does not.
    /// - Throws: `ShapeError`.
    public func require(_ condition: Bool, expected: String, got shape: [Int]) throws {
        guard !condition else { return }
        throw ShapeError(layer: describedLayer, expected: expected, got: shape)
    }

    /// "3.main.0: Linear(784, 256)"
    private var describedLayer: String {
        path.isEmpty ? description : "\(path.joined(separator: ".")): \(description)"
    }

    // MARK: Values

    func makeBuffer(bytes: Int, isPersistent: Bool = false) -> Buffer {
        let buffer = Buffer(byteCount: bytes, isPersistent: isPersistent)
        buffers.append(buffer)
        return buffer
    }

    func makeBuffer(floats: Int, isPersistent: Bool = false) -> Buffer {
        makeBuffer(bytes: floats * MemoryLayout<Float>.stride, isPersistent: isPersistent)
    }

    /// A value for the output of an operation on `input` with `parameters`; it has a gradient where one of them needs it.
    func makeValue(
        _ shape: [Int], _ order: ElementOrder = .contiguous, _ format: NumberFormat = .float32, from input: Value,
        parameters: [Parameter] = []
    ) -> Value {
        take(input)
        let learns = mode == .training && (input.gradient != nil || parameters.contains(where: \.requiresGradient))
        return makeValue(shape, order, format, hasGradient: learns)
    }

    private func makeValue(_ shape: [Int], _ order: ElementOrder, _ format: NumberFormat, hasGradient: Bool) -> Value {
        let count = shape.product
        return Value(
            shape: shape, order: order, format: format, buffer: makeBuffer(count, format),
            gradient: hasGradient ? makeBuffer(count, format) : nil)
    }

    /// For numbers that are rounded, where they are kept at 16 bits.
    func makeBuffer(_ count: Int, _ format: NumberFormat) -> Buffer {
        let buffer = makeBuffer(bytes: count * format.byteCount)
        buffer.isRounded = format == .bfloat16
        return buffer
    }

    /// Lets an operation have a value, which nothing else may have.
    private func take(_ value: Value) {
        precondition(
            value.take(),
            "\(path.joined(separator: ".")): a value that is used already; PlanBuilder.fork makes two of one")
    }

    /// The value with images and sequences channels-last, as convolution, pooling and batch norm take them.
    func channelsLast(_ value: Value) -> Value {
        guard value.shape.count >= 3, value.order == .contiguous else { return value }
        guard value.buffer === input.buffer, !inputIsRead else { return reorder(value, to: .channelsLast) }
        inputIsRead = true
        input = view(input, shape: input.shape, order: .channelsLast)
        return input
    }

    /// The value as floats in the memory order of its shape.
    func contiguous(_ value: Value) -> Value {
        let value = converted(value, to: .float32)
        return value.order == .contiguous ? value : reorder(value, to: .contiguous)
    }

    /// The value with its numbers kept in a format.
    func converted(_ value: Value, to format: NumberFormat) -> Value {
        guard value.format != format else { return value }
        let output = makeValue(value.shape, value.order, format, from: value)
        return add(ConvertOperation(input: value, output: output), output)
    }

    /// The value with its dimension 1 fastest in memory, as kernels over rows of channels take it.
    func channelsInnermost(_ value: Value) -> Value {
        value.shape.count >= 3 ? channelsLast(value) : contiguous(value)
    }

    private func reorder(_ value: Value, to order: ElementOrder) -> Value {
        let output = makeValue(value.shape, order, from: value)
        return add(ReorderOperation(input: value, output: output), output)
    }

    /// The same elements under another shape, without an operation. The caller knows that the memory order allows it.
    func view(_ value: Value, shape: [Int], order: ElementOrder) -> Value {
        take(value)
        return Value(
            shape: shape, order: order, format: value.format, buffer: value.buffer, gradient: value.gradient)
    }

    // MARK: Operations

    /// Counts the products of an operation with weights: forward, and in training for the gradients that are computed.
    func count(multiplyAdds: Int, weight: Parameter, input: Value) {
        let learns = mode == .training && weight.requiresGradient
        self.multiplyAdds += multiplyAdds * (1 + (learns ? 1 : 0) + (input.gradient != nil ? 1 : 0))
    }

    /// Appends an operation and returns its output.
    @discardableResult
    func add(_ operation: any Operation, _ output: Value) -> Value {
        inputIsRead = true
        steps.append(PlanStep(operation, output: output))
        if let fusing = operation as? any ActivationFusing { writers[ObjectIdentifier(output.buffer)] = .open(fusing) }
        return output
    }

    /// Applies an activation: inside the operation that wrote the value where that can, or else by its own.
    func activate(_ value: Value, _ activation: Activation) -> Value {
        guard activation != .identity else { return value }
        let buffer = ObjectIdentifier(value.buffer)
        if case .open(let operation) = writers.removeValue(forKey: buffer),
            let activated = operation.fuse(activation, of: value, self)
        {
            take(value)
            writers[buffer] = .activating(operation)
            replaceOutput(of: operation, by: activated)
            return activated
        }
        let output = makeValue(value.shape, value.order, value.format, from: value)
        return add(ActivationOperation(activation, input: value, output: output), output)
    }

    /// The gradient that an operation reads is then that of its new output.
    private func replaceOutput(of operation: any Operation, by output: Value) {
        guard let index = steps.lastIndex(where: { $0.operation === operation }) else { return }
        steps[index] = PlanStep(operation, output: output)
    }

    /// The activation inside the operation that wrote a value, whose derivative the caller, the value's only reader, takes
    /// over; identity where there is none to take over.
    func takeOverDerivative(of value: Value) -> Activation {
        guard case .activating(let operation) = writers.removeValue(forKey: ObjectIdentifier(value.buffer)) else {
            return .identity
        }
        return operation.fused.handOverDerivative()
    }

    /// Makes a norm of a value a part of the operation that wrote it, where that can: an activation may still follow. The
    /// value is then the norm's output.
    func fold(_ norm: FixedNorm, into value: Value) -> Value? {
        // In bfloat16 what goes into a norm is rounded.
        guard precision == .float32, case .open(let operation) = writers[ObjectIdentifier(value.buffer)] else {
            return nil
        }
        let isFolded = (operation as? any NormFolding)?.fold(norm, self) ?? false
        return isFolded ? view(value, shape: value.shape, order: value.order) : nil
    }

    /// Two values of one: the same elements, each with a gradient of its own, which are summed.
    public func fork(_ value: Value) -> (Value, Value) {
        take(value)
        inputIsRead = true
        let activation = takeOverDerivative(of: value)
        // Gradients of their own: where a branch goes straight into a sum, others read the same memory.
        let (first, second) = (makeBranch(of: value), makeBranch(of: value))
        guard value.gradient != nil else { return (first, second) }
        let operation = ForkOperation(value: value, first: first, second: second, activation)
        steps.append(PlanStep(fork: operation, branches: [first, second]))
        return (first, second)
    }

    private func makeBranch(of value: Value) -> Value {
        value.with(gradient: value.gradient.map { _ in makeBuffer(value.count, value.format) })
    }

    /// The element-wise sum of two values of one shape, which `fork` makes of one.
    ///
    /// - Throws: `ShapeError` where the shapes differ.
    public func sum(_ a: Value, _ b: Value) throws -> Value {
        try require(a.shape == b.shape, expected: "\(a.shape) on both sides of a sum", got: b.shape)
        let (left, right) = a.order == b.order ? (a, b) : (channelsInnermost(a), channelsInnermost(b))
        let format = left.format == right.format ? left.format : .bfloat16
        return sumOfAlike(converted(left, to: format), converted(right, to: format))
    }

    private func sumOfAlike(_ a: Value, _ b: Value) -> Value {
        if let sum = fusedSum(a, b) ?? fusedSum(b, a) { return sum }
        take(a)
        take(b)
        let learns = a.gradient != nil || b.gradient != nil
        let output = makeValue(a.shape, a.order, a.format, hasGradient: learns)
        if let gradient = output.gradient {
            // d(a + b) = da + db: all three gradients are the same numbers.
            a.gradient?.share(with: gradient)
            b.gradient?.share(with: gradient)
        }
        return add(SumOperation(self, a: a, b: b, output: output), output)
    }

    /// The sum inside the operation that wrote `a` where that is the last one, so that `b` is there before, and can. An
    /// activation may still follow.
    private func fusedSum(_ a: Value, _ b: Value) -> Value? {
        guard case .open(let writer) = writers[ObjectIdentifier(a.buffer)], writer === steps.last?.operation,
            a.gradient != nil || b.gradient == nil, (writer as? any SumFusing)?.add(b) == true
        else { return nil }
        take(b)
        if let gradient = a.gradient { b.gradient?.share(with: gradient) }
        return view(a, shape: a.shape, order: a.order)
    }

    /// The seed of the random numbers of the next operation.
    func nextSeed() -> UInt64 { RandomStream.derivedSeed(from: seed, index: steps.count) }
}

/// An operation that can apply an activation to what it writes.
private enum Writer {
    /// It may still take one on.
    case open(any ActivationFusing)
    /// It has taken one on, whose derivative it may hand over.
    case activating(any ActivationFusing)
}

/// A line of the table that describes a model.
public struct LayerSummary: Sendable, Equatable {
    /// The path of names: "3.main.0".
    public let name: String
    /// What the layer is: "Linear(784, 256)".
    public let layer: String
    /// Of a whole batch: [N, ...].
    public let outputShape: [Int]
    /// How many numbers it learns.
    public let parameters: Int
}
