/// The batches of a data set, epoch by epoch.
///
/// The order of an epoch depends only on the seed and the epoch's number, so training can go on at any batch of any
/// epoch. With prefetching, another thread fills the next batch while the caller computes; the batches are the same.
///
///     loader.start(epoch: 0)
///     while let batch = try loader.next() { ... }
///
/// Two batches' memory is used in turn: nothing is allocated after the second, unless the caller keeps a batch.
public final class BatchLoader {
    public let dataset: any Dataset
    /// Samples of a batch; the last of an epoch may have fewer.
    public let batchSize: Int
    /// Batches of an epoch.
    public let batchCount: Int
    private let shuffleSeed: UInt64?
    private let filler: Filler
    private let worker: BackgroundWorker?
    /// The number of the batch that `next` returns.
    private var nextBatch: Int
    /// Whether the worker fills, or has filled, the batch that `next` returns.
    private var isPrefetching = false

    /// - Parameters:
    ///   - seed: of the order of the samples and of their augmentation; nil keeps the data set's order.
    ///   - dropLast: leaves out a last batch of fewer samples.
    ///   - prefetch: fills the next batch on another thread.
    public init(
        _ dataset: any Dataset, batchSize: Int, shuffle seed: UInt64? = nil, dropLast: Bool = false,
        prefetch: Bool = true
    ) {
        precondition(batchSize > 0, "BatchLoader: a batch size of \(batchSize)")
        precondition(dataset.count < Int(Int32.max), "BatchLoader: \(dataset.count) samples are too many")
        self.dataset = dataset
        self.batchSize = batchSize
        let hasRest = !dropLast && !dataset.count.isMultiple(of: batchSize)
        batchCount = dataset.count / batchSize + (hasRest ? 1 : 0)
        shuffleSeed = seed
        nextBatch = batchCount
        let filler = Filler(dataset)
        self.filler = filler
        worker = prefetch ? BackgroundWorker { filler.fill() } : nil
    }

    /// Samples that an epoch's batches have together.
    public var samplesPerEpoch: Int { min(batchCount * batchSize, dataset.count) }

    /// Goes to a batch of an epoch; `next` returns it and those after it.
    public func start(epoch: Int, at batch: Int = 0) {
        precondition(
            (0...batchCount).contains(batch), "BatchLoader.start: there is no batch \(batch) among \(batchCount)")
        finishPrefetch()
        filler.setOrder(shuffleSeed.map { RandomStream.derivedSeed(from: $0, index: epoch) })
        filler.setPass(DatasetPass(seed: shuffleSeed ?? 0, epoch: epoch))
        nextBatch = batch
        prefetch()
    }

    /// The next batch, or nil at the end of the epoch and before the first `start`.
    ///
    /// - Throws: what the data set threw while filling it. Another call tries the same batch again.
    public func next() throws -> Batch? {
        guard nextBatch < batchCount else { return nil }
        if isPrefetching {
            finishPrefetch()
        } else {
            filler.request(range(of: nextBatch))
            filler.fill()
        }
        let batch = try filler.take()
        nextBatch += 1
        prefetch()
        return batch
    }

    private func prefetch() {
        guard let worker, nextBatch < batchCount else { return }
        filler.request(range(of: nextBatch))
        worker.start()
        isPrefetching = true
    }

    private func finishPrefetch() {
        if isPrefetching { worker?.wait() }
        isPrefetching = false
    }

    private func range(of batch: Int) -> Range<Int> {
        batch * batchSize..<min((batch + 1) * batchSize, dataset.count)
    }
}

/// What the loader and its worker share. They never touch it at the same time: between `BackgroundWorker.start` and
/// `wait` it is the worker's.
private final class Filler: @unchecked Sendable {
    /// A batch's memory and what came of filling it.
    private final class Slot {
        var batch = Batch()
        var error: (any Error)?
    }

    private let dataset: any Dataset
    private var order: [Int32]
    private var requested = 0..<0
    private var pass = DatasetPass()
    /// The slot to fill, and the one whose batch the caller has.
    private var current = Slot()
    private var other = Slot()

    init(_ dataset: any Dataset) {
        self.dataset = dataset
        order = Array(0..<Int32(dataset.count))
    }

    /// Shuffles by a seed; nil restores the data set's order.
    func setOrder(_ seed: UInt64?) {
        for i in order.indices { order[i] = Int32(i) }
        guard let seed else { return }
        var random = RandomStream(seed: seed)
        random.shuffle(&order)
    }

    func setPass(_ pass: DatasetPass) { self.pass = pass }

    func request(_ range: Range<Int>) { requested = range }

    func fill() {
        do {
            try dataset.fill(&current.batch, with: order[requested], in: pass)
            current.error = nil
        } catch {
            current.error = error
        }
    }

    /// The batch that was filled; the next one goes to the other slot.
    func take() throws -> Batch {
        if let error = current.error { throw error }
        swap(&current, &other)
        return other.batch
    }
}
