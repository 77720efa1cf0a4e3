/// Numbers of a layer that are kept between passes: weights, which have a gradient and are learned, and running
/// statistics, which are not.
public final class Parameter {
    public let shape: [Int]
    /// The number of elements.
    public let count: Int
    /// Whether `backward` computes a gradient and optimizers change the value; false freezes it. Plans read this when
    /// they are built.
    public var requiresGradient: Bool {
        get { isLearned && !isFrozen }
        set { isLearned = newValue }
    }
    private var isLearned: Bool
    /// Whether training leaves the value alone for a while, whatever `requiresGradient` was set to. A batch norm whose
    /// running statistics are frozen uses them in training, too.
    var isFrozen = false
    /// How `initialize(seed:)` fills the value.
    public let initializer: Initializer
    /// Grows with every change, so that plans know when to pack weights anew.
    private(set) var version = 0
    private var tensor: Tensor
    private var gradientTensor: Tensor?
    private var gradientIsCleared = true

    /// A parameter with a value drawn from a random seed; `Layer.initialize(seed:)` draws it again from a known one.
    public init(_ shape: [Int], _ initializer: Initializer, requiresGradient: Bool = true) {
        self.shape = shape
        count = shape.product
        self.initializer = initializer
        isLearned = requiresGradient
        tensor = initializer.makeTensor(shape, seed: UInt64.random(in: 0...UInt64.max))
    }

    /// The value, in the order of the shape. Reading it shares memory; the next update then copies.
    public var value: Tensor {
        get { tensor }
        set {
            precondition(
                newValue.shape == shape, "Parameter: a value of shape \(newValue.shape) for a parameter of \(shape)")
            tensor = newValue.contiguous()
            version += 1
        }
    }

    /// The sum of the gradients since `clearGradient`; zeros where there are none.
    public var gradient: Tensor {
        get { gradientIsCleared ? .zeros(shape) : gradientTensor ?? .zeros(shape) }
        set {
            precondition(
                newValue.shape == shape, "Parameter: a gradient of shape \(newValue.shape) for a parameter of \(shape)")
            gradientTensor = newValue.contiguous()
            gradientIsCleared = false
        }
    }

    /// Whether a backward pass has left a gradient since the last `clearGradient`.
    public var hasGradient: Bool { !gradientIsCleared }

    /// Forgets the gradient: the next backward pass overwrites it.
    public func clearGradient() { gradientIsCleared = true }

    /// Changes the value in place.
    public func update(_ body: (_ value: inout MutableSpan<Float>, _ gradient: Span<Float>) -> Void) {
        withGradientForReading { gradient in
            let span = UnsafeBufferPointer(start: gradient, count: count).span
            withValueForWriting {
                var value = UnsafeMutableBufferPointer(start: $0, count: count).mutableSpan
                body(&value, span)
            }
        }
    }

    /// Adds to the gradient in place: what a layer of your own does in its backward pass.
    public func addToGradient(_ body: (_ gradient: inout MutableSpan<Float>) -> Void) {
        withGradientForWriting { gradient, accumulate in
            if !accumulate { gradient.update(repeating: 0, count: count) }
            var span = UnsafeMutableBufferPointer(start: gradient, count: count).mutableSpan
            body(&span)
        }
    }
}

// MARK: - Access of kernels

extension Parameter {
    func withValue<R>(_ body: (UnsafePointer<Float>) -> R) -> R { tensor.withUnsafePointer(body) }

    func withValueForWriting<R>(_ body: (UnsafeMutablePointer<Float>) -> R) -> R {
        version += 1
        return tensor.withUnsafeMutablePointer(body)
    }

    /// The gradient, zeros where there is none; it then counts as cleared still.
    func withGradientForReading<R>(_ body: (UnsafePointer<Float>) -> R) -> R {
        let isCleared = gradientIsCleared
        defer { gradientIsCleared = isCleared }
        zeroGradientIfCleared()
        return withGradientForWriting { gradient, _ in body(gradient) }
    }

    func zeroGradientIfCleared() {
        if gradientIsCleared { addToGradient { _ in } }
    }

    /// The gradient, and whether to add to it (or else to overwrite it). It counts as written afterwards.
    func withGradientForWriting<R>(_ body: (UnsafeMutablePointer<Float>, _ accumulate: Bool) -> R) -> R {
        let accumulate = !gradientIsCleared
        gradientIsCleared = false
        if gradientTensor == nil { gradientTensor = Tensor(uninitialized: shape) }
        guard var tensor = gradientTensor.take() else { preconditionFailure("the gradient was just made") }
        defer { gradientTensor = tensor }
        return tensor.withUnsafeMutablePointer { body($0, accumulate) }
    }
}

extension Parameter? {
    /// Calls `body` with the parameter's value, or nil where there is no parameter.
    func withOptionalValue<R>(_ body: (UnsafePointer<Float>?) -> R) -> R {
        map { $0.withValue(body) } ?? body(nil)
    }
}

/// A parameter with its name inside a model: "0.weight".
public struct NamedParameter {
    public let name: String
    public let parameter: Parameter

    public init(_ name: String, _ parameter: Parameter) {
        self.name = name
        self.parameter = parameter
    }
}
