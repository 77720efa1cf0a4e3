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

    /// The seed of an independent stream: number `index` of the stream `seed`.
    public static func derivedSeed(from seed: UInt64, index: Int) -> UInt64 {
        snn_random_u64(seed, UInt64(bitPattern: Int64(index)))
    }
}
