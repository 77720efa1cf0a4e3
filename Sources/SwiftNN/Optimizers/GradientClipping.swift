import CKernels

/// Keeps gradients from growing too large, between `backward` and `step`.
public enum GradientClipping: Sendable, Hashable {
    /// Scales all gradients together so that their joint Euclidean norm is at most this (torch.nn.utils.clip_grad_norm_).
    case norm(Float)
    /// Limits each number to ± this.
    case value(Float)

    /// Clips the gradients of the parameters in place.
    ///
    /// - Returns: their joint Euclidean norm before.
    @discardableResult
    public func apply(to parameters: [Parameter]) -> Float {
        let norm = gradientNorm(of: parameters)
        switch self {
        case .norm(let limit):
            guard norm > limit else { break }
            for parameter in parameters where parameter.hasGradient {
                parameter.withGradientForWriting { gradient, _ in
                    // PyTorch's 1e-6 keeps the quotient finite.
                    snn_scale(parameter.count, limit / (norm + 1e-6), gradient, gradient)
                }
            }
        case .value(let limit):
            for parameter in parameters where parameter.hasGradient {
                parameter.withGradientForWriting { gradient, _ in
                    snn_clamp(parameter.count, -limit, limit, gradient, gradient)
                }
            }
        }
        return norm
    }
}

/// The joint Euclidean norm of the gradients of the parameters.
public func gradientNorm(of parameters: [Parameter]) -> Float {
    var sum = 0.0
    for parameter in parameters where parameter.hasGradient {
        sum += parameter.withGradientForReading { gradient in
            // At most 512 bytes: on the stack.
            withUnsafeTemporaryAllocation(
                of: Double.self,
                capacity: snn_sum_squares_workspace_size(parameter.count) / MemoryLayout<Double>.stride
            ) { snn_sum_squares(parameter.count, gradient, $0.baseAddress) }
        }
    }
    return Float(sum.squareRoot())
}
