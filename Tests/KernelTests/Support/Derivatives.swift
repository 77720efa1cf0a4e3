/// Checks of the references themselves: gradients against central differences, in Double.

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// The largest difference between `gradient` and the central differences of `function` at x, relative to the largest
/// magnitude of the gradient.
func derivativeError(of function: ([Double]) -> Double, at x: [Double], _ gradient: [Double]) -> Double {
    let step = 1e-5
    let differences = x.indices.map { i in
        var (above, below) = (x, x)
        above[i] += step
        below[i] -= step
        return (function(above) - function(below)) / (2 * step)
    }
    let magnitude = gradient.map(abs).max() ?? 1
    // Unlike max(), which passes over NaN.
    return zip(differences, gradient).map { abs($0 - $1) }.reduce(0) { $1 <= $0 ? $0 : $1 } / magnitude
}
