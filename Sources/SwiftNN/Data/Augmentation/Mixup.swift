import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Images in pairs that are blended with their labels (Zhang et al. 2018, "mixup: beyond empirical risk minimization"):
/// sample i of a batch becomes λ · own + (1 − λ) · that of its mirror place in the batch, with λ from Beta(alpha, alpha)
/// anew for each batch. Its target is the same mean of one-hot rows.
///
/// ```swift
/// let trainer = Trainer(model, loss: CrossEntropyLoss(targets: .probabilities), optimizer: optimizer)
/// try trainer.fit(Mixup(train, alpha: 0.2), epochs: 10, batchSize: 128, validation: test)
/// ```
public struct Mixup: Dataset {
    /// What is blended, after its own augmentation and normalisation.
    public let images: ImageDataset
    /// Of Beta(alpha, alpha), positive: the smaller, the closer λ mostly is to 0 or 1.
    public let alpha: Double

    public init(_ images: ImageDataset, alpha: Double = 0.2) {
        precondition(alpha > 0, "Mixup: alpha must be positive, not \(alpha)")
        (self.images, self.alpha) = (images, alpha)
    }

    public var count: Int { images.count }
    public var inputShape: [Int] { images.inputShape }

    public func fill(_ batch: inout Batch, with indices: ArraySlice<Int32>, in pass: DatasetPass) throws {
        try images.fill(&batch, with: indices, in: pass)
        guard let first = indices.first else { return }
        // Of numbers that no image's augmentation draws.
        var random = RandomStream(seed: RandomStream.derivedSeed(from: pass.random(of: first).seed, index: 1))
        let own = Float(random.beta(alpha))
        let (rows, classes) = (indices.count, images.classNames.count)
        batch.updateInput { snn_mix_rows(rows, inputShape.product, own, $0) }
        let labels = indices.map { Int(images.labels[Int($0)]) }
        batch.setTargets(count: rows, sample: [classes]) { targets in
            for place in targets.indices { targets[place] = 0 }
            for row in 0..<rows {
                targets[row * classes + labels[row]] += own
                targets[row * classes + labels[rows - 1 - row]] += 1 - own
            }
        }
    }

    public func subset(_ indices: [Int]) -> Mixup { Mixup(images.subset(indices), alpha: alpha) }
}

extension RandomStream {
    /// A number from Beta(alpha, alpha).
    fileprivate mutating func beta(_ alpha: Double) -> Double {
        guard alpha > 1 else { return smallBeta(alpha) }
        let (a, b) = (gamma(alpha), gamma(alpha))
        return a / (a + b)
    }

    /// By Jöhnk (1964): U / (U + V) of powers of uniform numbers, drawn again until their sum is at most 1. The larger
    /// alpha is the longer it takes.
    private mutating func smallBeta(_ alpha: Double) -> Double {
        while true {
            let u = pow(unit(), 1 / alpha)
            let v = pow(unit(), 1 / alpha)
            if u + v <= 1 && u + v > 0 { return u / (u + v) }
        }
    }

    /// A number from Gamma(alpha, 1) for alpha > 1, by Marsaglia and Tsang (2000).
    private mutating func gamma(_ alpha: Double) -> Double {
        let d = alpha - 1 / 3.0
        while true {
            let x = normal()
            let v = pow(1 + x / (9 * d).squareRoot(), 3)
            if v > 0 && log(1 - unit()) < x * x / 2 + d - d * v + d * log(v) { return d * v }
        }
    }

    /// A number from the standard normal distribution, by Box and Muller (1958).
    private mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }

    /// Uniform in [0, 1), the same in every version of Swift.
    private mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
