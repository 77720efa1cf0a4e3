/// Numbered samples, from which batches are filled.
public protocol Dataset: Sendable {
    /// The number of samples.
    var count: Int { get }

    /// The shape of one input: [C, H, W] for images.
    var inputShape: [Int] { get }

    /// Fills a batch with the samples of the given numbers, using the memory that it has. Labels and targets that it has
    /// from other samples are replaced, or removed.
    ///
    /// - Parameter pass: what random changes to the samples are drawn from.
    /// - Throws: what reading the samples may; those that are in memory throw nothing.
    func fill(_ batch: inout Batch, with indices: ArraySlice<Int32>, in pass: DatasetPass) throws

    /// The samples of the given numbers, in that order, as a data set of its own.
    func subset(_ indices: [Int]) -> Self
}

extension Dataset {
    /// The samples of the given numbers as a batch.
    ///
    /// - Throws: what `fill` throws.
    public func batch(_ indices: some Sequence<Int>, in pass: DatasetPass = DatasetPass()) throws -> Batch {
        let indices = indices.map { index in
            precondition((0..<count).contains(index), "Dataset.batch: there is no sample \(index) among \(count)")
            return Int32(index)
        }
        var batch = Batch()
        try fill(&batch, with: indices[...], in: pass)
        return batch
    }

    /// The data set in two parts: `held` samples drawn at random, for validation, and the others. Both keep the order.
    ///
    /// - Parameter seed: the same seed draws the same samples.
    public func split(holdingOut held: Int, seed: UInt64) -> (rest: Self, heldOut: Self) {
        precondition((0...count).contains(held), "Dataset.split: cannot hold out \(held) of \(count) samples")
        var order = (0..<Int32(count)).map { $0 }
        var random = RandomStream(seed: seed)
        random.shuffle(&order)
        let drawn = order[..<held].sorted().map(Int.init)
        let rest = order[held...].sorted().map(Int.init)
        return (rest: subset(rest), heldOut: subset(drawn))
    }
}

extension RandomStream {
    /// Shuffles by Fisher and Yates. Unlike the standard library's, the result is the same in every version of Swift.
    mutating func shuffle(_ items: inout [Int32]) {
        guard items.count > 1 else { return }
        for last in stride(from: items.count - 1, to: 0, by: -1) {
            items.swapAt(last, below(last + 1))
        }
    }
}

extension Tensor {
    /// [labels.count, classes]: a one at the column of each label, zeros elsewhere.
    public static func oneHot(_ labels: [Int32], classes: Int) -> Tensor {
        var result = Tensor.zeros([labels.count, classes])
        result.withMutableSpan { elements in
            for (row, label) in labels.enumerated() {
                precondition(
                    0..<classes ~= Int(label),
                    "Tensor.oneHot: label \(label) of sample \(row) is outside of 0..<\(classes)")
                elements[row * classes + Int(label)] = 1
            }
        }
        return result
    }
}
