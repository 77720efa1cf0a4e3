import Foundation

/// The forward pass of a layer in Double, by its definition and for one shape of input. Elements are in the order of the
/// logical shapes ([N, C, H, W]); the kernels' references, which take channels-last images, do the mathematics.
public struct ReferenceLayer: Sendable {
    /// How many of the parameters this layer takes.
    let parameterCount: Int
    /// Output from input and the layer's own parameters.
    let forward: @Sendable (_ x: [Double], _ parameters: ArraySlice<[Double]>) -> [Double]

    init(parameters: Int, forward: @escaping @Sendable ([Double], ArraySlice<[Double]>) -> [Double]) {
        (parameterCount, self.forward) = (parameters, forward)
    }

    /// Without parameters.
    public init(_ forward: @escaping @Sendable ([Double]) -> [Double]) {
        self.init(parameters: 0) { x, _ in forward(x) }
    }

    /// One layer after the other.
    public static func sequence(_ layers: [ReferenceLayer]) -> ReferenceLayer {
        ReferenceLayer(parameters: layers.reduce(0) { $0 + $1.parameterCount }) { x, parameters in
            var (x, rest) = (x, parameters)
            for layer in layers {
                x = layer.forward(x, rest.prefix(layer.parameterCount))
                rest = rest.dropFirst(layer.parameterCount)
            }
            return x
        }
    }

    /// main(x) + shortcut(x), or + x.
    public static func residual(_ main: ReferenceLayer, shortcut: ReferenceLayer? = nil) -> ReferenceLayer {
        ReferenceLayer(parameters: main.parameterCount + (shortcut?.parameterCount ?? 0)) { x, parameters in
            let a = main.forward(x, parameters.prefix(main.parameterCount))
            let b = shortcut?.forward(x, parameters.dropFirst(main.parameterCount)) ?? x
            return zip(a, b).map { $0 + $1 }
        }
    }

    /// Rows times [out, in] transposed, plus a bias.
    public static func linear(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true) -> ReferenceLayer {
        ReferenceLayer(parameters: bias ? 2 : 1) { x, parameters in
            let rows = x.count / inFeatures
            return referenceGemm(
                m: rows, n: outFeatures, k: inFeatures, transposeA: false, transposeB: true, alpha: 1, beta: 0, a: x,
                b: parameters[parameters.startIndex], bias: bias ? parameters[parameters.startIndex + 1] : nil,
                c: [Double](repeating: 0, count: rows * outFeatures))
        }
    }

    /// A convolution of [batch, inChannels, height, width].
    public static func conv(_ conv: ReferenceConv, bias: Bool = true) -> ReferenceLayer {
        ReferenceLayer(parameters: bias ? 2 : 1) { x, parameters in
            let y = conv.forward(
                x: channelsLast(x, batch: conv.batch, channels: conv.inChannels),
                weights: parameters[parameters.startIndex], bias: bias ? parameters[parameters.startIndex + 1] : nil)
            return channelsFirst(y, batch: conv.batch, channels: conv.outChannels)
        }
    }

    public static func maxPool(_ pool: ReferencePool) -> ReferenceLayer {
        ReferenceLayer { x in
            let y = pool.maximum(channelsLast(x, batch: pool.batch, channels: pool.channels)).y
            return channelsFirst(y, batch: pool.batch, channels: pool.channels)
        }
    }

    public static func averagePool(_ pool: ReferencePool) -> ReferenceLayer {
        ReferenceLayer { x in
            let y = pool.average(channelsLast(x, batch: pool.batch, channels: pool.channels))
            return channelsFirst(y, batch: pool.batch, channels: pool.channels)
        }
    }

    /// Batch norm in training of [batch, channels, ...], with a scale and a shift.
    public static func batchNorm(batch: Int, channels: Int, epsilon: Double) -> ReferenceLayer {
        ReferenceLayer(parameters: 2) { x, parameters in
            let x = channelsLast(x, batch: batch, channels: channels)
            let y = norm(x, rows: x.count / channels, channels: channels, ofRows: false, epsilon, parameters)
            return channelsFirst(y, batch: batch, channels: channels)
        }
    }

    /// Layer norm of rows, with a scale and a shift.
    public static func layerNorm(_ features: Int, epsilon: Double) -> ReferenceLayer {
        ReferenceLayer(parameters: 2) { x, parameters in
            norm(x, rows: x.count / features, channels: features, ofRows: true, epsilon, parameters)
        }
    }

    private static func norm(
        _ x: [Double], rows: Int, channels: Int, ofRows: Bool, _ epsilon: Double, _ parameters: ArraySlice<[Double]>
    ) -> [Double] {
        let (mean, variance) = ReferenceNorm.statistics(x, rows: rows, channels: channels, ofRows: ofRows)
        return ReferenceNorm.normalise(
            x, rows: rows, channels: channels, ofRows: ofRows, mean: mean,
            inverse: variance.map { 1 / ($0 + epsilon).squareRoot() }, scale: parameters[parameters.startIndex],
            shift: parameters[parameters.startIndex + 1])
    }

    public static func activation(_ activation: ReferenceActivation, _ parameter: Double = 0) -> ReferenceLayer {
        ReferenceLayer { activation.values($0, parameter: parameter) }
    }

    /// PReLU of [batch, channels, ...], with one slope or one per channel.
    public static func prelu(batch: Int, channels: Int) -> ReferenceLayer {
        ReferenceLayer(parameters: 1) { x, parameters in
            let x = channelsLast(x, batch: batch, channels: channels)
            let y = referencePReLU(
                rows: x.count / channels, channels: channels, x: x, slope: parameters[parameters.startIndex], dy: x
            ).y
            return channelsFirst(y, batch: batch, channels: channels)
        }
    }

    public static func softmax(_ classes: Int) -> ReferenceLayer {
        ReferenceLayer { referenceSoftmax(rows: $0.count / classes, classes: classes, x: $0) }
    }

    public static func logSoftmax(_ classes: Int) -> ReferenceLayer {
        ReferenceLayer { referenceLogSoftmax(rows: $0.count / classes, classes: classes, x: $0) }
    }
}

/// [batch, channels, spatial] to [batch, spatial, channels].
func channelsLast(_ x: [Double], batch: Int, channels: Int) -> [Double] {
    transposed(x, batch: batch, rows: channels, columns: x.count / max(batch * channels, 1))
}

/// [batch, spatial, channels] to [batch, channels, spatial].
func channelsFirst(_ x: [Double], batch: Int, channels: Int) -> [Double] {
    transposed(x, batch: batch, rows: x.count / max(batch * channels, 1), columns: channels)
}

private func transposed(_ x: [Double], batch: Int, rows: Int, columns: Int) -> [Double] {
    var result = x
    for b in 0..<batch {
        for r in 0..<rows {
            for c in 0..<columns { result[(b * columns + c) * rows + r] = x[(b * rows + r) * columns + c] }
        }
    }
    return result
}
