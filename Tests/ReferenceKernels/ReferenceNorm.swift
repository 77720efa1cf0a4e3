/// Normalisation of a rows x channels matrix by the definitions.
public enum ReferenceNorm {
    /// Mean and biased variance of every column (batch norm) or every row (layer norm).
    @specialized(where T == Double)
    @specialized(where T == Float)
    public static func statistics<T: BinaryFloatingPoint>(
        _ x: [T], rows: Int, channels: Int, ofRows: Bool
    ) -> (mean: [T], variance: [T]) {
        let groups = ofRows ? rows : channels
        let size = T(ofRows ? channels : rows)
        var mean = [T](repeating: 0, count: groups)
        var variance = mean
        for row in 0..<rows { for c in 0..<channels { mean[ofRows ? row : c] += x[row * channels + c] } }
        for g in 0..<groups { mean[g] /= size }
        for row in 0..<rows {
            for c in 0..<channels {
                let distance = x[row * channels + c] - mean[ofRows ? row : c]
                variance[ofRows ? row : c] += distance * distance
            }
        }
        for g in 0..<groups { variance[g] /= size }
        return (mean, variance)
    }

    /// (x - mean) * inverse * scale + shift with statistics of columns or rows.
    @specialized(where T == Double)
    @specialized(where T == Float)
    public static func normalise<T: BinaryFloatingPoint>(
        _ x: [T], rows: Int, channels: Int, ofRows: Bool, mean: [T], inverse: [T], scale: [T], shift: [T]
    ) -> [T] {
        var y = x
        for row in 0..<rows {
            for c in 0..<channels {
                let (i, g) = (row * channels + c, ofRows ? row : c)
                y[i] = (x[i] - mean[g]) * inverse[g] * scale[c] + shift[c]
            }
        }
        return y
    }

    public struct Gradients<T> {
        public var x: [T], scale: [T], shift: [T]
    }

    /// The gradient of `normalise` given that of its output; through the statistics too, unless they are constants.
    @specialized(where T == Double)
    @specialized(where T == Float)
    public static func gradients<T: BinaryFloatingPoint>(
        _ x: [T], dy: [T], rows: Int, channels: Int, ofRows: Bool, constantStatistics: Bool = false, mean: [T],
        inverse: [T], scale: [T]
    ) -> Gradients<T> {
        let size = T(ofRows ? channels : rows)
        var sums = [T](repeating: 0, count: mean.count)
        var products = sums
        var result = Gradients(
            x: x, scale: [T](repeating: 0, count: channels), shift: [T](repeating: 0, count: channels))
        for row in 0..<rows {
            for c in 0..<channels {
                let (i, g) = (row * channels + c, ofRows ? row : c)
                let normalised = (x[i] - mean[g]) * inverse[g]
                sums[g] += dy[i] * scale[c]
                products[g] += dy[i] * scale[c] * normalised
                result.shift[c] += dy[i]
                result.scale[c] += dy[i] * normalised
            }
        }
        for row in 0..<rows {
            for c in 0..<channels {
                let (i, g) = (row * channels + c, ofRows ? row : c)
                let normalised = (x[i] - mean[g]) * inverse[g]
                let through = constantStatistics ? 0 : (sums[g] + normalised * products[g]) / size
                result.x[i] = inverse[g] * (dy[i] * scale[c] - through)
            }
        }
        return result
    }
}
