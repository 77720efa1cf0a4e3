/// The largest error of any number, relative to its own magnitude plus `floor`; infinite where sizes differ or a
/// non-finite number is not the expected one.
public func pointwiseError(_ actual: [Float], _ expected: [Double], floor: Double) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var worst = 0.0
    for (a, e) in zip(actual, expected) {
        if a.isFinite && e.isFinite {
            worst = max(worst, abs(Double(a) - e) / (abs(e) + floor))
        } else if !(a.isNaN && e.isNaN) && Double(a) != e {
            return .infinity
        }
    }
    return worst
}
