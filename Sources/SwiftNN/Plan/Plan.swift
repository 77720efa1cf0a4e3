import CKernels

/// A model made ready to run for one input shape: every shape checked, operations fused, all activations and gradients
/// laid out in one arena, weights packed. Running it allocates nothing.
///
/// ```swift
/// let plan = try Plan(model, inputShape: [64, 784], mode: .training, loss: CrossEntropyLoss())
/// let loss = try plan.forward(images, labels: labels)
/// plan.backward()
/// optimizer.step()
/// ```
public final class Plan {
    /// What a plan is for.
    public enum Mode: Sendable, Hashable {
        /// Dropout drops, batch norm uses and updates statistics of the batch, gradients are kept.
        case training
        /// Nothing is kept for a backward pass.
        case inference
    }

    public let mode: Mode
    public let precision: Precision
    /// A line for every layer, in the order of execution.
    public let summary: [LayerSummary]
    /// Multiply-adds of the matrix products and convolutions of a step (forward, and backward in training), counted as
    /// direct sums over every weight and position whatever algorithm computes them.
    public let multiplyAdds: Int
    /// Bytes of the arena: all activations, gradients, packed weights and scratch memory. A `Trainer` lets its plans share
    /// most of it.
    public var arenaByteCount: Int { arena.byteCount }
    /// The shape of what goes in: [N, ...].
    public var inputShape: [Int] { input.shape }
    /// The shape of what comes out: [N, ...].
    public var outputShape: [Int] { output.shape }

    private let steps: [PlanStep]
    private let arena: Arena
    private let input: Value
    private let output: Value
    private let targets: TargetSlot?
    private let lossOperation: (any LossOperation)?
    private let instructionSet = snn_isa_active()
    /// The number of the next forward pass, from 0. Dropout draws from it and the seed alone: set it, and the plan goes on
    /// as one that has run so many passes, whatever the batch size of either.
    public var step = 0
    /// Whether a forward pass has left the activations that a backward pass uses up.
    private var awaitsBackward = false

    /// Builds the plan of a model.
    ///
    /// - Parameters:
    ///   - inputShape: of a whole batch: [N, ...].
    ///   - loss: what `forward(_:labels:)` or `forward(_:targets:)` computes and `backward()` starts from; nil for a
    ///     plan without targets.
    ///   - inputGradient: whether `backward` also computes the gradient with respect to the input.
    ///   - seed: of the random numbers that dropout draws.
    /// - Throws: `ShapeError`, which names the layer that does not fit.
    public convenience init(
        _ model: any Layer, inputShape: [Int], mode: Mode = .inference, loss: (any Loss)? = nil,
        inputGradient: Bool = false, precision: Precision = .float32, seed: UInt64 = 0
    ) throws {
        try self.init(
            model, inputShape: inputShape, mode: mode, loss: loss, inputGradient: inputGradient, precision: precision,
            seed: seed, memory: PlanMemory())
    }

    /// The same in memory that other plans may use, too.
    init(
        _ model: any Layer, inputShape: [Int], mode: Mode, loss: (any Loss)?, inputGradient: Bool = false,
        precision: Precision, seed: UInt64, memory: PlanMemory
    ) throws {
        guard inputShape.allSatisfy({ $0 >= 0 }) else {
            throw ShapeError(layer: "Plan input", expected: "no negative dimension", got: inputShape)
        }
        let builder = PlanBuilder(
            mode: mode, precision: precision, seed: seed, inputShape: inputShape,
            inputGradient: mode == .training && inputGradient)
        let result = builder.converted(try builder.build(model, builder.input), to: .float32)
        var lossOperation: (any LossOperation)?
        if let loss {
            let contiguous = builder.contiguous(result)
            let targets = try loss.makeTargets(for: contiguous.shape, builder)
            let operation = try loss.makeOperation(prediction: contiguous, targets: targets, builder)
            builder.add(operation, contiguous)
            (output, self.targets, lossOperation) = (contiguous, targets, operation)
        } else {
            (output, targets) = (result, nil)
        }
        self.lossOperation = lossOperation
        self.mode = mode
        self.precision = precision
        input = builder.input
        summary = builder.summary
        multiplyAdds = builder.multiplyAdds
        steps = builder.steps
        Plan.setLifetimes(builder, output: output)
        arena = Arena(builder.buffers, in: memory)
    }

    /// Gives every buffer its lifetime, in operations executed forward and then backward.
    private static func setLifetimes(_ builder: PlanBuilder, output: Value) {
        let steps = builder.steps
        let last = 2 * steps.count
        for (index, operation) in steps.lazy.map(\.operation).enumerated() {
            for buffer in operation.forwardBuffers { buffer.use(at: index) }
            guard builder.mode == .training else { continue }
            for buffer in operation.backwardBuffers { buffer.use(at: last - 1 - index) }
        }
        // The caller reads the output after the forward pass and writes its gradient before the backward pass.
        output.buffer.use(at: steps.count)
        if builder.mode == .training { output.buffer.use(at: last) }
        output.gradient?.use(at: max(steps.count - 1, 0))
    }
}

// MARK: - Running

extension Plan {
    /// Runs the model and returns a copy of its output.
    ///
    /// - Throws: `ShapeError` where the input has another shape than the plan.
    public func forward(_ tensor: Tensor) throws -> Tensor {
        precondition(targets == nil, "Plan.forward: a plan with a loss needs targets")
        try run(tensor)
        return output.read(output.buffer)
    }

    /// Runs the model and its loss on class labels; returns the loss.
    ///
    /// - Parameter labels: a class index for every row of the output.
    /// - Throws: `ShapeError` or `LabelError` where input or labels do not fit the plan.
    public func forward(_ tensor: Tensor, labels: [Int32]) throws -> Double {
        try slot.write(labels: labels)
        try run(tensor)
        return lossOperation?.value ?? .nan
    }

    /// Runs the model and its loss on target values (or class probabilities); returns the loss.
    ///
    /// - Parameter targets: of the shape of the output.
    /// - Throws: `ShapeError` where input or targets do not fit the plan.
    public func forward(_ tensor: Tensor, targets: Tensor) throws -> Double {
        try slot.write(values: targets)
        try run(tensor)
        return lossOperation?.value ?? .nan
    }

    /// Computes the gradients of all parameters (added to what they hold since they were last cleared) from the loss
    /// of the last forward pass.
    public func backward() {
        precondition(lossOperation != nil, "Plan.backward: the plan has no loss to start from; use backward(_:)")
        runBackward()
    }

    /// The same from the gradient with respect to the output.
    ///
    /// - Throws: `ShapeError` where it has another shape than the output.
    public func backward(_ outputGradient: Tensor) throws {
        guard outputGradient.shape == output.shape else {
            throw ShapeError(layer: "Plan.backward", expected: "\(output.shape)", got: outputGradient.shape)
        }
        if let gradient = output.gradient { output.write(outputGradient, to: gradient) }
        runBackward()
    }

    /// A copy of the output of the last forward pass.
    public var lastOutput: Tensor { output.read(output.buffer) }

    /// The gradient with respect to the input, where the plan was built to compute it.
    public var inputGradient: Tensor? { input.gradient.map(input.read) }

    /// How many rows of the last output have their largest element at the label.
    public var correctCount: Int {
        guard let targets, let classes = targets.kind.classes else { return 0 }
        return snn_count_correct(labelCount, classes, output.buffer.floats, targets.labels)
    }

    /// How many rows of the output have a label: one for each sample, or several in an output [N, ..., classes].
    public var labelCount: Int { targets?.kind.classes.map { output.count / max($0, 1) } ?? 0 }

    /// Calls `body` with the output of the last forward pass, in the memory order of its shape.
    public func withOutput<R>(_ body: (Span<Float>) throws -> R) rethrows -> R {
        precondition(output.order == .contiguous, "Plan.withOutput: the output is an image; use lastOutput")
        return try body(UnsafeBufferPointer(start: output.buffer.floats, count: output.count).span)
    }

    private var slot: TargetSlot {
        guard let targets else { preconditionFailure("Plan.forward with targets: the plan was built without a loss") }
        return targets
    }

    /// What the loss compares the output with.
    var targetKind: TargetKind { slot.kind }

    private func run(_ tensor: Tensor) throws {
        guard tensor.shape == input.shape else {
            throw ShapeError(layer: "Plan input", expected: "\(input.shape)", got: tensor.shape)
        }
        checkInstructionSet()
        input.write(tensor, to: input.buffer)
        if precision == .bfloat16 { input.roundToBFloat16(input.buffer) }
        for step in steps { step.forward(step: self.step, precision) }
        step += 1
        awaitsBackward = true
    }

    private func runBackward() {
        precondition(mode == .training, "Plan.backward: the plan was built for inference")
        precondition(awaitsBackward, "Plan.backward: each backward pass needs a forward pass before it")
        awaitsBackward = false
        checkInstructionSet()
        for step in steps.reversed() { step.backward(precision) }
    }

    private func checkInstructionSet() {
        precondition(fitsInstructionSet, "Plan: built for another instruction set than runs now")
    }

    /// Weights are packed for the instruction set that was active when the plan was built.
    var fitsInstructionSet: Bool { snn_isa_active() == instructionSet }
}
