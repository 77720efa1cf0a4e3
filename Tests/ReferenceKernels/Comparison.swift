// Comparisons of results, here because this target is optimised in every configuration.

/// The largest difference between two arrays, relative to the largest magnitude of the expected one (or to `least`, for
/// results that are differences of larger numbers). Infinite where sizes differ, or where NaN or infinity stand in
/// different places.
public func relativeError(_ actual: [Float], _ expected: [Double], least: Double = 1e-30) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var difference = 0.0
    var magnitude = least
    for (a, e) in zip(actual, expected) {
        if e.isFinite && a.isFinite {
            difference = max(difference, abs(Double(a) - e))
            magnitude = max(magnitude, abs(e))
        } else if !(e.isNaN && a.isNaN) && Double(a) != e {
            return .infinity
        }
    }
    return difference / magnitude
}

/// The Euclidean distance of two arrays, relative to the length of the expected one. Infinite or NaN where sizes differ or
/// a number is not finite.
public func relativeDistance(_ actual: [Float], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var (distance, length) = (0.0, 1e-60)
    for (a, e) in zip(actual, expected) {
        distance += (Double(a) - e) * (Double(a) - e)
        length += e * e
    }
    return (distance / length).squareRoot()
}

/// Whether all arrays are the same to the last bit.
public func sameBits(_ a: [[Float]], _ b: [[Float]]) -> Bool {
    a.count == b.count
        && zip(a, b).allSatisfy { a, b in
            a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern }
        }
}

public func doubles(_ floats: [Float]) -> [Double] { floats.map(Double.init) }

public func floats(_ doubles: [Double]) -> [Float] { doubles.map { Float($0) } }
