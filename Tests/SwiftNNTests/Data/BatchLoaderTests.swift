import SwiftNN
import Testing

@Suite struct BatchLoaderTests {
    /// Sample i has the feature i and the label i.
    private static func numbers(_ count: Int) -> TensorDataset {
        TensorDataset(Tensor((0..<count).map(Float.init), shape: [count, 1]), labels: (0..<Int32(count)).map { $0 })
    }

    private static func labels(_ loader: BatchLoader, epoch: Int, at batch: Int = 0) throws -> [[Int32]] {
        loader.start(epoch: epoch, at: batch)
        var result = [[Int32]]()
        while let batch = try loader.next() {
            #expect(batch.input.scalars == batch.labels.map(Float.init))
            #expect(batch.input.shape == [batch.labels.count, 1])
            result.append(batch.labels)
        }
        return result
    }

    @Test(arguments: [false, true])
    func inOrder(prefetch: Bool) throws {
        let loader = BatchLoader(Self.numbers(7), batchSize: 3, prefetch: prefetch)
        #expect(try loader.next() == nil)
        #expect(loader.batchCount == 3 && loader.samplesPerEpoch == 7)
        for epoch in 0..<3 { #expect(try Self.labels(loader, epoch: epoch) == [[0, 1, 2], [3, 4, 5], [6]]) }
    }

    @Test func dropsAShortLastBatch() throws {
        let loader = BatchLoader(Self.numbers(7), batchSize: 3, dropLast: true)
        #expect(loader.batchCount == 2 && loader.samplesPerEpoch == 6)
        #expect(try Self.labels(loader, epoch: 0) == [[0, 1, 2], [3, 4, 5]])
        #expect(try Self.labels(BatchLoader(Self.numbers(6), batchSize: 3), epoch: 0).count == 2)
    }

    @Test(arguments: [(0, 1), (1, 64), (5, 5), (5, 64)])
    func smallDataSets(count: Int, batchSize: Int) throws {
        let loader = BatchLoader(Self.numbers(count), batchSize: batchSize, shuffle: 1)
        #expect(try Self.labels(loader, epoch: 0).flatMap { $0 }.sorted() == Array(0..<Int32(count)))
    }

    @Test func orderDependsOnSeedAndEpochOnly() throws {
        let numbers = Self.numbers(100)
        func loader(_ seed: UInt64, prefetch: Bool = true) -> BatchLoader {
            BatchLoader(numbers, batchSize: 8, shuffle: seed, prefetch: prefetch)
        }
        let first = loader(1)
        let epochs = try (0..<3).map { try Self.labels(first, epoch: $0) }
        for epoch in epochs { #expect(epoch.flatMap { $0 }.sorted() == Array(0..<100)) }
        #expect(Set(epochs.map { $0.flatMap { $0 } }).count == 3)
        #expect(try Self.labels(loader(1), epoch: 2) == epochs[2])
        #expect(try Self.labels(loader(1, prefetch: false), epoch: 2) == epochs[2])
        #expect(try Self.labels(loader(2), epoch: 2) != epochs[2])
        // From the middle of an epoch, also after leaving another in its middle.
        first.start(epoch: 0)
        _ = try first.next()
        #expect(try Self.labels(first, epoch: 1, at: 5) == Array(epochs[1][5...]))
        #expect(try Self.labels(first, epoch: 1, at: 13) == [])
    }

    @Test func aShuffleMovesEverySampleEverywhere() throws {
        let loader = BatchLoader(Self.numbers(4), batchSize: 4, shuffle: 9)
        var counts = [[Int32]: Int]()
        for epoch in 0..<4800 { counts[try Self.labels(loader, epoch: epoch)[0], default: 0] += 1 }
        #expect(counts.count == 24)
        // 200 expected of each; the deviation is 13.8.
        #expect(counts.values.allSatisfy { abs($0 - 200) < 70 })
    }

    @Test(arguments: [false, true])
    func memoryIsUsedAgain(prefetch: Bool) throws {
        let loader = BatchLoader(Self.numbers(1000), batchSize: 16, shuffle: 3, prefetch: prefetch)
        var places = Set<UInt>()
        for epoch in 0..<2 {
            loader.start(epoch: epoch)
            while let batch = try loader.next() { places.insert(Self.place(of: batch.input)) }
        }
        #expect(places.count == 2)
    }

    private static func place(of tensor: Tensor) -> UInt {
        tensor.withSpan { span in span.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } }
    }

    @Test func batchesThatAreKeptStayAsTheyWere() throws {
        let loader = BatchLoader(Self.numbers(64), batchSize: 4, shuffle: 3)
        let expected = try Self.labels(loader, epoch: 0)
        loader.start(epoch: 0)
        var kept = [Batch]()
        while let batch = try loader.next() { kept.append(batch) }
        #expect(kept.map(\.labels) == expected)
        #expect(kept.map { $0.input.scalars.map { Int32($0) } } == expected)
    }

    @Test(arguments: [false, true])
    func errorsReachTheCaller(prefetch: Bool) throws {
        let loader = BatchLoader(Failing(), batchSize: 2, prefetch: prefetch)
        loader.start(epoch: 0)
        #expect(try loader.next()?.labels == [0, 1])
        for _ in 0..<2 { #expect(throws: FileError("sample 2", "broken")) { try loader.next() } }
        loader.start(epoch: 0, at: 2)
        #expect(try loader.next()?.labels == [4, 5])
    }

    /// A data set of a user's: sample 2 cannot be read.
    private struct Failing: Dataset {
        let count = 6
        let inputShape = [2]

        func fill(_ batch: inout Batch, with indices: ArraySlice<Int32>, in pass: DatasetPass) throws {
            if indices.contains(2) { throw FileError("sample 2", "broken") }
            batch.setInput(count: indices.count, sample: inputShape) { span in
                for i in span.indices { span[i] = 1 }
            }
            batch.setLabels(count: indices.count) { span in
                for (place, index) in indices.enumerated() { span[place] = index }
            }
            batch.setTargets(count: indices.count, sample: []) { span in
                for i in span.indices { span[i] = Float(i) }
            }
        }

        func subset(_ indices: [Int]) -> Failing { self }
    }

    @Test func loadersMayGoAtAnyTime() throws {
        for batches in 0..<4 {
            let loader = BatchLoader(Self.numbers(64), batchSize: 4, shuffle: 3)
            if batches > 0 { loader.start(epoch: 0) }
            for _ in 1..<max(batches, 1) { _ = try loader.next() }
        }
    }
}
