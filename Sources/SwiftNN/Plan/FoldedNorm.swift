import CKernels

/// A batch norm whose statistics are fixed: y = (x − mean) · factor + shift, with factor = scale / √(variance + epsilon).
struct FixedNorm {
    let scale: Parameter?, shift: Parameter?
    let mean: Parameter, variance: Parameter
    let epsilon: Float

    /// Grows with every change of a parameter.
    var version: Int { mean.version + variance.version + (scale?.version ?? 0) + (shift?.version ?? 0) }

    /// The numbers of each channel, nil where there is no scale or no shift.
    struct Values {
        let scale: UnsafePointer<Float>?, shift: UnsafePointer<Float>?
        let mean: UnsafePointer<Float>, variance: UnsafePointer<Float>
    }

    func withValues<R>(_ body: (Values) -> R) -> R {
        mean.withValue { mean in
            variance.withValue { variance in
                scale.withOptionalValue { scale in
                    shift.withOptionalValue { shift in
                        body(Values(scale: scale, shift: shift, mean: mean, variance: variance))
                    }
                }
            }
        }
    }
}

/// An operation with weights [outputs, ...] that a fixed norm behind it can become a part of.
protocol NormFolding: Operation {
    /// Takes the norm of its outputs on, or refuses.
    func fold(_ norm: FixedNorm, _ builder: PlanBuilder) -> Bool
}

/// A fixed norm inside the operation before it: (W x + b − mean) · factor + shift is an operation with the weights factor · W
/// and the bias (b − mean) · factor + shift, so that no pass over the outputs is left.
final class FoldedNorm {
    /// What `weights` writes, and only needs until they are packed.
    let scratch: Buffer
    private let norm: FixedNorm
    private let weight: Parameter, ownBias: Parameter?
    private let biasBuffer: Buffer

    init(_ builder: PlanBuilder, _ norm: FixedNorm, weight: Parameter, bias: Parameter?) {
        (self.norm, self.weight, ownBias) = (norm, weight, bias)
        scratch = builder.makeBuffer(floats: weight.count)
        biasBuffer = builder.makeBuffer(floats: weight.shape[0], isPersistent: true)
    }

    /// Grows with every change of what `weights` and `bias` are made of, the operation's own weights left out.
    var version: Int { norm.version + (ownBias?.version ?? 0) }

    /// As `weights` has left it.
    var bias: UnsafePointer<Float> { UnsafePointer(biasBuffer.floats) }

    /// The weights times their outputs' factors; computes the bias, too.
    func weights(_ own: UnsafePointer<Float>) -> UnsafePointer<Float> {
        let outputs = weight.shape[0]
        let row = weight.count / outputs
        norm.withValues { values in
            ownBias.withOptionalValue { ownBias in
                for output in 0..<outputs {
                    let deviation = (values.variance[output] + norm.epsilon).squareRoot()
                    let factor = (values.scale?[output] ?? 1) / deviation
                    snn_scale(row, factor, own + output * row, scratch.floats + output * row)
                    biasBuffer.floats[output] =
                        ((ownBias?[output] ?? 0) - values.mean[output]) * factor + (values.shift?[output] ?? 0)
                }
            }
        }
        return UnsafePointer(scratch.floats)
    }
}
