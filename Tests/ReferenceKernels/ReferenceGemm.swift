/// C = alpha * op(A) op(B) + beta * C + bias, by the definition; row-major without gaps.
@specialized(where T == Double)
@specialized(where T == Float)
public func referenceGemm<T: BinaryFloatingPoint>(
    m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool, alpha: T, beta: T, a: [T], b: [T], bias: [T]?, c: [T]
) -> [T] {
    var result = c
    for i in 0..<m {
        for j in 0..<n {
            var sum: T = 0
            for p in 0..<k { sum += a[transposeA ? p * m + i : i * k + p] * b[transposeB ? j * k + p : p * n + j] }
            result[i * n + j] = alpha * sum + (beta == 0 ? 0 : beta * c[i * n + j]) + (bias?[j] ?? 0)
        }
    }
    return result
}
