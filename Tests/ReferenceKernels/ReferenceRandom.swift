import Foundation

/// Philox4x32-10 as Salmon et al. define it.
public func referencePhilox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var c = counter
    var k = key
    for _ in 0..<10 {
        let p0 = c[0].multipliedFullWidth(by: 0xD251_1F53)
        let p1 = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
        c = [p1.high ^ c[1] ^ k[0], p1.low, p0.high ^ c[3] ^ k[1], p0.low]
        k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
}

/// Number `index` of stream `seed`.
public func referenceRandomBits(seed: UInt64, index: UInt64) -> UInt32 {
    let block = index / 4
    let counter = [UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 0, 0]
    let key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
    return referencePhilox(counter: counter, key: key)[Int(index % 4)]
}

public func referenceRandomBits(seed: UInt64, offset: UInt64, count: Int) -> [UInt32] {
    (0..<count).map { referenceRandomBits(seed: seed, index: offset &+ UInt64($0)) }
}

/// Number `index` of the standard normal numbers of stream `seed`, by Box and Muller.
public func referenceRandomNormal(seed: UInt64, offset: UInt64, count: Int) -> [Double] {
    (0..<count).map { i in
        let index = offset &+ UInt64(i)
        let radiusBits = referenceRandomBits(seed: seed, index: index & ~1) >> 8
        let angleBits = referenceRandomBits(seed: seed, index: index | 1) >> 8
        let radius = (-2 * log(Double(radiusBits + 1) / 0x1p24)).squareRoot()
        let angle = 2 * Double.pi * Double(angleBits) / 0x1p24
        return radius * (index % 2 == 0 ? cos(angle) : sin(angle))
    }
}

/// Mean, variance and the mean product of neighbours' deviations.
public func moments(_ x: [Float]) -> (mean: Double, variance: Double, covariance: Double) {
    var mean = 0.0
    for v in x { mean += Double(v) }
    mean /= Double(x.count)
    var squares = 0.0
    var products = 0.0
    for i in x.indices {
        let deviation = Double(x[i]) - mean
        squares += deviation * deviation
        if i > 0 { products += deviation * (Double(x[i - 1]) - mean) }
    }
    return (mean, squares / Double(x.count), products / Double(x.count - 1))
}
