import ArgumentParser
import SwiftNN

/// A one-dimensional convolution by itself, outside of a network:
///
///     y[n, o, i] = b[o] + Σ W[o, c, k] · x[n, c, i · stride + k]   over the channels c and the taps k
///
/// for x of [batch, in, width]. `backward(δ)` with δ = ∂L/∂y returns dx = ∂L/∂x and leaves dW and db, which are sums
/// over the batch, not averages: a loss that is an average has the 1 / batch in δ already.
struct Conv1dByItself: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conv1d", abstract: "A one-dimensional convolution by itself: forward and backward.")

    func run() throws {
        let layer = Conv1d(8, 12, kernelSize: 3, stride: 2)
        layer.initialize(seed: 1)
        let x = Tensor.normal([3, 8, 20], seed: 2)
        let delta = Tensor.normal([3, 12, Self.outputWidth(20, kernelSize: 3, stride: 2)], seed: 3)

        let batch = try Self.passes(of: layer, x, delta: delta)
        print(layer)
        for (name, tensor) in [
            ("x", x), ("y", batch.y), ("δ", delta), ("dx", batch.dx), ("dW", batch.dW), ("db", batch.db),
        ] {
            print("\(name)\t\(tensor)")
        }

        let alone = try (0..<3).map {
            try Self.passes(of: layer, x[rows: $0..<$0 + 1], delta: delta[rows: $0..<$0 + 1])
        }
        let sum = alone[0].dW + alone[1].dW + alone[2].dW
        let difference = (batch.dW - sum).scalars.map(abs).max() ?? 0
        print("dW of the batch less the sum of the dW of its sequences: at most \(difference)")
    }

    /// How often the kernel fits into a sequence.
    static func outputWidth(_ width: Int, kernelSize: Int, stride: Int) -> Int { (width - kernelSize) / stride + 1 }

    /// What a forward and a backward pass give.
    struct Passes {
        let y: Tensor, dx: Tensor, dW: Tensor, db: Tensor
    }

    static func passes(of layer: Conv1d, _ x: Tensor, delta: Tensor) throws -> Passes {
        layer.clearGradients()
        let y = try layer.forward(x)
        let dx = try layer.backward(delta)
        return Passes(y: y, dx: dx, dW: layer.weight.gradient, db: layer.bias?.gradient ?? .zeros([y.shape[1]]))
    }
}
