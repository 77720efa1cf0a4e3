import CKernels

/// Weights in the order a kernel reads them, packed again only after they have changed.
final class PackedWeights {
    private let weight: Parameter
    private let buffer: Buffer
    /// The weights in bfloat16, where that is the plan's precision.
    private let rounded: Buffer?
    private let pack: (UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void
    private var packedVersion: Int?
    /// What the weights are multiplied by before they are packed.
    var norm: FoldedNorm?

    init(
        _ builder: PlanBuilder, _ weight: Parameter, bytes: Int,
        pack: @escaping (UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void
    ) {
        (self.weight, self.pack) = (weight, pack)
        buffer = builder.makeBuffer(bytes: bytes, isPersistent: true)
        rounded =
            builder.precision == .bfloat16 ? builder.makeBuffer(floats: weight.count, isPersistent: true) : nil
    }

    func upToDate() -> UnsafeRawPointer {
        let version = weight.version + (norm?.version ?? 0)
        if packedVersion != version {
            weight.withValue { pack(operand(norm?.weights($0) ?? $0), buffer.bytes) }
            packedVersion = version
        }
        return UnsafeRawPointer(buffer.bytes)
    }

    private func operand(_ weights: UnsafePointer<Float>) -> UnsafePointer<Float> {
        guard let rounded else { return weights }
        snn_round_to_bfloat16(weight.count, weights, rounded.floats)
        return UnsafePointer(rounded.floats)
    }
}

/// Calls `body` with the epilogue of a bias (that of a folded norm takes its place) and an activation.
func withEpilogue<R>(
    bias: Parameter?, norm: FoldedNorm? = nil, activation: snn_activation, _ body: (UnsafePointer<snn_epilogue>) -> R
) -> R {
    bias.withOptionalValue { bias in
        var epilogue = snn_epilogue(bias: norm?.bias ?? bias, activation: activation)
        return body(&epilogue)
    }
}
