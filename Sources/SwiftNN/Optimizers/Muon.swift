import CKernels

/// Muon (Jordan 2024): momentum whose step is orthogonalised, so that every direction of a matrix of weights moves equally
/// far. For the weights of convolutions and linear layers inside a network; norms, biases and the first and last layer
/// are better left to `SGD` or `Adam` in a group of their own.
///
///     v ← momentum · v + g
///     w ← w · (1 − lr · weightDecay) − lr · √max(1, rows / columns) · orthogonalised(g + momentum · v)
///
/// A weight of more than two dimensions is a matrix of its first dimension by all others. Orthogonalised by
/// iterations of Newton and Schulz: after five the singular values are between about 0.7 and 1.2; fewer leave small ones
/// smaller.
///
/// The copies of a `Muon` share scratch memory. Two optimizers that are made from one value must not step at the same
/// time on two threads: make a value for each.
public struct Muon: UpdateRule {
    /// The learning rate: about how far a step goes along every direction of a matrix that has no more rows than
    /// columns.
    public var lr: Float
    /// The part of the velocity that is kept at each step.
    public var momentum: Float
    /// Whether the step looks ahead, as in the formula; otherwise v itself is orthogonalised.
    public var nesterov: Bool
    /// lr · weightDecay is the part of itself that a weight loses at each step; 0 for none.
    public var weightDecay: Float
    /// Of Newton and Schulz's method; at least one.
    public var iterations: Int
    /// Gives the weights the norm √rows before each step: for layers with a norm behind them, which takes the scale of the
    /// weights away, so that the learning rate is the part of themselves that they move.
    public var normalizesWeights: Bool
    /// With bfloat16, the matrices of Newton and Schulz's method are rounded, as in Jordan's own: faster where the CPU
    /// multiplies such numbers faster. Weights and velocity stay float32.
    public var precision: Precision
    private let scratch = Scratch()

    public init(
        lr: Float = 0.02, momentum: Float = 0.95, nesterov: Bool = true, weightDecay: Float = 0, iterations: Int = 5,
        normalizesWeights: Bool = false, precision: Precision = .float32
    ) {
        precondition(iterations > 0, "Muon: needs an iteration")
        (self.lr, self.momentum, self.nesterov) = (lr, momentum, nesterov)
        (self.weightDecay, self.iterations) = (weightDecay, iterations)
        (self.normalizesWeights, self.precision) = (normalizesWeights, precision)
    }

    /// The velocity.
    public var slots: Int { 1 }

    public func update(
        _ weights: inout MutableSpan<Float>, shape: [Int], gradient: Span<Float>, state: inout MutableSpan<Float>,
        step: Int, gradientScale: Float
    ) {
        let rows = shape.first ?? 1
        let columns = shape.dropFirst().product
        var options = snn_muon(
            rate: lr, momentum: momentum, weight_decay: weightDecay, gradient_scale: gradientScale, nesterov: nesterov,
            normalize_weights: normalizesWeights, bfloat16: precision == .bfloat16, iterations: iterations)
        let workspace = scratch.memory(bytes: snn_muon_workspace_size(&options, rows, columns))
        withKernelPointers(&weights, gradient, &state) { _, weights, gradient, slot in
            snn_muon_step(&options, rows, columns, gradient, slot(0), weights, workspace)
        }
    }

    public var description: String {
        "Muon(lr: \(lr), momentum: \(momentum), nesterov: \(nesterov), weightDecay: \(weightDecay), "
            + "iterations: \(iterations), normalizesWeights: \(normalizesWeights), precision: \(precision))"
    }

    /// Memory for the largest matrix so far. An optimizer updates one parameter at a time, so copies of a rule may share
    /// it as long as they belong to one optimizer.
    private final class Scratch: @unchecked Sendable {
        private var storage = Storage(uninitialized: 0)

        func memory(bytes: Int) -> UnsafeMutableRawPointer {
            let floats = (bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride
            if storage.count < floats { storage = Storage(uninitialized: floats) }
            return UnsafeMutableRawPointer(storage.base)
        }
    }
}
