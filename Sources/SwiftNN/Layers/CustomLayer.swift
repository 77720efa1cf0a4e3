/// A layer whose mathematics is written in Swift. It works in a plan beside the built-in ones.
///
/// ```swift
/// struct Square: CustomLayer {
///     let runner = LayerRunner()
///     func outputShape(for input: [Int]) -> [Int] { input }
///     func forward(_ x: Span<Float>, shape: [Int], mode: Plan.Mode, into y: inout MutableSpan<Float>) {
///         for i in x.indices { y[i] = x[i] * x[i] }
///     }
///     func backward(
///         input x: Span<Float>, output y: Span<Float>, outputGradient dy: Span<Float>, shape: [Int],
///         into dx: inout MutableSpan<Float>
///     ) {
///         for i in x.indices { dx[i] = 2 * x[i] * dy[i] }
///     }
///     var description: String { "Square()" }
/// }
/// ```
public protocol CustomLayer: StandaloneLayer {
    /// The shape of the output.
    ///
    /// - Throws: `ShapeError` where the input does not fit.
    func outputShape(for input: [Int]) throws -> [Int]

    /// Writes every element of the output. Elements are in the order of the shapes, last dimension fastest.
    func forward(_ input: Span<Float>, shape: [Int], mode: Plan.Mode, into output: inout MutableSpan<Float>)

    /// Writes every element of the input's gradient, and adds to those of the layer's parameters with
    /// `Parameter.addToGradient`.
    ///
    /// - Parameter shape: of the input.
    func backward(
        input: Span<Float>, output: Span<Float>, outputGradient: Span<Float>, shape: [Int],
        into inputGradient: inout MutableSpan<Float>)
}

extension CustomLayer {
    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        let input = builder.contiguous(input)
        let output = builder.makeValue(
            try outputShape(for: input.shape), from: input, parameters: namedParameters.map(\.parameter))
        return builder.add(CustomOperation(builder, self, input: input, output: output), output)
    }
}

private final class CustomOperation: Operation {
    private let layer: any CustomLayer
    private let mode: Plan.Mode
    private let input: Value, output: Value
    /// The gradient with respect to the input where the plan does not ask for it: a custom layer always computes it.
    private let unusedGradient: Buffer?

    init(_ builder: PlanBuilder, _ layer: any CustomLayer, input: Value, output: Value) {
        (self.layer, self.input, self.output) = (layer, input, output)
        mode = builder.mode
        unusedGradient =
            output.gradient != nil && input.gradient == nil ? builder.makeBuffer(floats: input.count) : nil
    }

    var forwardBuffers: [Buffer] { [input.buffer, output.buffer] }
    var backwardBuffers: [Buffer] {
        [input.buffer, output.buffer, output.gradient, input.gradient, unusedGradient].compactMap { $0 }
    }

    func forward(step: Int) {
        var y = output.buffer.elements(output.count).mutableSpan
        layer.forward(input.buffer.elements(input.count).span, shape: input.shape, mode: mode, into: &y)
    }

    func backward() {
        guard let dy = output.gradient, let gradient = input.gradient ?? unusedGradient else { return }
        var dx = gradient.elements(input.count).mutableSpan
        layer.backward(
            input: input.buffer.elements(input.count).span, output: output.buffer.elements(output.count).span,
            outputGradient: dy.elements(output.count).span, shape: input.shape, into: &dx)
    }
}

/// An activation function of your own; use it as `CustomActivation(MyFunction())`.
public protocol ActivationFunction {
    /// f(x) of one element.
    func value(_ x: Float) -> Float
    /// f'(x), from the input of `value`, not from its result.
    func derivative(_ x: Float) -> Float
}

/// A layer that applies an activation function written in Swift to every element.
public struct CustomActivation<Function: ActivationFunction>: CustomLayer {
    public let function: Function
    public let runner = LayerRunner()

    public init(_ function: Function) { self.function = function }

    public func outputShape(for input: [Int]) -> [Int] { input }

    public func forward(_ input: Span<Float>, shape: [Int], mode: Plan.Mode, into output: inout MutableSpan<Float>) {
        for i in input.indices { output[i] = function.value(input[i]) }
    }

    public func backward(
        input: Span<Float>, output: Span<Float>, outputGradient: Span<Float>, shape: [Int],
        into inputGradient: inout MutableSpan<Float>
    ) {
        for i in input.indices { inputGradient[i] = outputGradient[i] * function.derivative(input[i]) }
    }

    public var description: String { "CustomActivation(\(Function.self))" }
}
