#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif

/// How a parameter gets its first value.
public struct Initializer: Sendable {
    /// Makes a tensor of a shape from a seed.
    public let makeTensor: @Sendable (_ shape: [Int], _ seed: UInt64) -> Tensor

    /// An initialiser of your own.
    public init(_ makeTensor: @escaping @Sendable (_ shape: [Int], _ seed: UInt64) -> Tensor) {
        self.makeTensor = makeTensor
    }

    func makeTensor(_ shape: [Int], seed: UInt64) -> Tensor { makeTensor(shape, seed) }

    /// One value.
    public static func constant(_ value: Float) -> Initializer {
        Initializer { shape, _ in Tensor(repeating: value, shape: shape) }
    }
    public static let zeros = constant(0)
    public static let ones = constant(1)

    /// Uniform in [low, high).
    public static func uniform(low: Float = 0, high: Float = 1) -> Initializer {
        Initializer { .uniform($0, low: low, high: high, seed: $1) }
    }

    /// Normal with a mean and a standard deviation.
    public static func normal(mean: Float = 0, deviation: Float = 1) -> Initializer {
        Initializer { .normal($0, mean: mean, deviation: deviation, seed: $1) }
    }

    /// Which number of connections the variance is kept over: into an output, or out of an input.
    public enum Fan: Sendable { case `in`, out }

    /// Uniform in ±gain·√(3 / fan) (He et al. 2015). The gain is √2 for ReLU, √(2 / (1 + a²)) for leaky ReLU of slope a.
    public static func kaimingUniform(gain: Float = Float(2).squareRoot(), fan: Fan = .in) -> Initializer {
        Initializer { shape, seed in
            let bound = gain * (3 / fans(of: shape)[fan]).squareRoot()
            return .uniform(shape, low: -bound, high: bound, seed: seed)
        }
    }

    /// Normal with deviation gain / √fan (He et al. 2015).
    public static func kaimingNormal(gain: Float = Float(2).squareRoot(), fan: Fan = .in) -> Initializer {
        Initializer { shape, seed in .normal(shape, deviation: gain / fans(of: shape)[fan].squareRoot(), seed: seed) }
    }

    /// Uniform in ±gain·√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010).
    public static func xavierUniform(gain: Float = 1) -> Initializer {
        Initializer { shape, seed in
            let fans = fans(of: shape)
            let bound = gain * (6 / (fans.in + fans.out)).squareRoot()
            return .uniform(shape, low: -bound, high: bound, seed: seed)
        }
    }

    /// Normal with deviation gain·√(2 / (fanIn + fanOut)) (Glorot & Bengio 2010).
    public static func xavierNormal(gain: Float = 1) -> Initializer {
        Initializer { shape, seed in
            let fans = fans(of: shape)
            return .normal(shape, deviation: gain * (2 / (fans.in + fans.out)).squareRoot(), seed: seed)
        }
    }

    /// The identity for a convolution [out, in, kernel...]: output channel i copies input channel i, as far as there are
    /// both; the rest is 0 (torch.nn.init.dirac_).
    public static let dirac = Initializer { shape, _ in
        precondition(shape.count >= 3, "Initializer.dirac is for convolutions, not for shape \(shape)")
        let spatial = shape.dropFirst(2)
        let centre = spatial.reduce(0) { $0 * $1 + $1 / 2 }
        var scalars = [Float](repeating: 0, count: shape.product)
        for channel in 0..<min(shape[0], shape[1]) {
            scalars[(channel * shape[1] + channel) * spatial.product + centre] = 1
        }
        return Tensor(scalars, shape: shape)
    }

    /// The identity for the first output channels, as many as there are input channels, and `rest` for the others: a
    /// convolution that starts by handing on its input and adds to it (Jordan 2024).
    public static func dirac(rest: Initializer) -> Initializer {
        Initializer { shape, seed in
            var weights = rest.makeTensor(shape, seed: seed)
            let identities = min(shape[0], shape[1])
            let identity = dirac.makeTensor([identities] + shape.dropFirst(), seed: seed)
            weights.withMutableSpan { weights in
                identity.withSpan { identity in
                    for i in identity.indices { weights[i] = identity[i] }
                }
            }
            return weights
        }
    }

    /// PyTorch's default for the weights of linear and convolution layers: uniform in ±1 / √fanIn.
    public static let pytorchDefault = kaimingUniform(gain: (1 / Float(3)).squareRoot())

    /// PyTorch's default for the bias beside weights of the given shape: uniform in ±1 / √fanIn of the weights.
    static func pytorchBias(besideWeights shape: [Int]) -> Initializer {
        let bound = 1 / fans(of: shape).in.squareRoot()
        return uniform(low: -bound, high: bound)
    }

    private struct Fans {
        let `in`: Float, out: Float
        subscript(fan: Fan) -> Float { fan == .in ? self.in : out }
    }

    /// The fans of weights [out, in, kernel...].
    private static func fans(of shape: [Int]) -> Fans {
        let receptive = shape.dropFirst(2).product
        let (out, `in`) = (shape.first ?? 1, shape.count > 1 ? shape[1] : shape.first ?? 1)
        return Fans(in: Float(max(`in` * receptive, 1)), out: Float(max(out * receptive, 1)))
    }
}
