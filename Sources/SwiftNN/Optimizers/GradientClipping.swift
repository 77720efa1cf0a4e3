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
                parameter.addToGradient { gradient in
                    for index in gradient.indices { gradient[index] = min(max(gradient[index], -limit), limit) }
                }
            }
        }
        return norm
    }
}

/// The joint Euclidean norm of the gradients of the parameters.
public func gradientNorm(of parameters: [Parameter]) -> Float {
    let sum = parameters.filter(\.hasGradient).reduce(0.0) { sum, parameter in
        parameter.withGradientForReading { gradient in
            withUnsafeTemporaryAllocation(
                byteCount: snn_sum_squares_workspace_size(parameter.count), alignment: Int(SNN_ALIGNMENT)
            ) { workspace in sum + snn_sum_squares(parameter.count, gradient, workspace.baseAddress) }
        }
    }
    return Float(sum.squareRoot())
}
