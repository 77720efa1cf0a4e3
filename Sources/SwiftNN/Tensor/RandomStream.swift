import CKernels

/// Random numbers for decisions in Swift (shuffling, seeds of other streams): number i depends only on the seed and i.
public struct RandomStream: RandomNumberGenerator, Sendable {
    /// Which stream.
    public let seed: UInt64
    /// How many numbers were taken; setting it moves there.
    public var position: UInt64

    public init(seed: UInt64, position: UInt64 = 0) {
        self.seed = seed
        self.position = position
    }

    public mutating func next() -> UInt64 {
        defer { position += 1 }
        return snn_random_u64(seed, position)
    }

    /// A number of 0 ..< limit, each as likely as the others. Unlike the standard library's, it is the same in every version
    /// of Swift.
    public mutating func below(_ limit: Int) -> Int {
        precondition(limit > 0, "RandomStream.below: there is no number below \(limit)")
        return Int(next().multipliedFullWidth(by: UInt64(limit)).high)
    }

    /// The seed of an independent stream: number `index` of the stream `seed`.
    public static func derivedSeed(from seed: UInt64, index: Int) -> UInt64 {
        snn_random_u64(seed, UInt64(bitPattern: Int64(index)))
    }
}
