import ReferenceKernels

/// Whether every result is what bfloat16 makes of a number no further from the expected one than `tolerance`, relative to
/// the largest: rounding keeps the order of numbers.
func areRounded(_ results: [Float], near expected: [Double], within tolerance: Double) -> Bool {
    guard results.count == expected.count else { return false }
    let reach = tolerance * (expected.map(abs).max() ?? 0)
    let lower = roundedToBFloat16(expected.map { Float($0 - reach) })
    let upper = roundedToBFloat16(expected.map { Float($0 + reach) })
    return results.indices.allSatisfy { lower[$0] <= results[$0] && results[$0] <= upper[$0] }
        && sameBits([results], [roundedToBFloat16(results)])
}
