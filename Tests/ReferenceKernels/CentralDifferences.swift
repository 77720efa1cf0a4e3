/// The gradient of `f` at `x` by central differences.
///
/// In Double with this step the error is some 1e-10 of the function's size: far below what Float can show.
public func centralDifferences(at x: [Double], step: Double = 1e-5, of f: ([Double]) -> Double) -> [Double] {
    var point = x
    return x.indices.map { i in
        point[i] = x[i] + step
        let above = f(point)
        point[i] = x[i] - step
        let below = f(point)
        point[i] = x[i]
        return (above - below) / (2 * step)
    }
}

/// The gradients of sum(r * y) for a layer's output y, with respect to its input and to each of its parameters.
public func numericGradients(
    of layer: ReferenceLayer, input: [Double], parameters: [[Double]], outputGradient r: [Double]
) -> (input: [Double], parameters: [[Double]]) {
    func loss(_ x: [Double], _ parameters: [[Double]]) -> Double {
        zip(layer.forward(x, parameters[...]), r).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let inputGradient = centralDifferences(at: input) { loss($0, parameters) }
    let parameterGradients = parameters.indices.map { index in
        centralDifferences(at: parameters[index]) { changed in
            var parameters = parameters
            parameters[index] = changed
            return loss(input, parameters)
        }
    }
    return (inputGradient, parameterGradients)
}
