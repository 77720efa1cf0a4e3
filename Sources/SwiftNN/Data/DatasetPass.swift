/// One pass over a data set: what random changes to its samples are drawn from. They depend on nothing else, so that
/// training can go on at any batch of any epoch.
public struct DatasetPass: Sendable, Hashable {
    /// The same for every epoch of a training.
    public let seed: UInt64
    /// From 0.
    public let epoch: Int

    public init(seed: UInt64 = 0, epoch: Int = 0) {
        (self.seed, self.epoch) = (seed, epoch)
    }

    /// Random numbers for a sample in this pass.
    public func random(of sample: Int32) -> RandomStream {
        let epochSeed = RandomStream.derivedSeed(from: seed, index: epoch + 1)
        return RandomStream(seed: RandomStream.derivedSeed(from: epochSeed, index: Int(sample)))
    }

    /// Random numbers for a sample that are the same in every epoch.
    public func constantRandom(of sample: Int32) -> RandomStream {
        let constantSeed = RandomStream.derivedSeed(from: seed, index: 0)
        return RandomStream(seed: RandomStream.derivedSeed(from: constantSeed, index: Int(sample)))
    }
}
