/// What a job makes of each item, all at the same time: of the first on this thread, of every other on a thread of its own.
/// For a few long jobs.
///
/// - Throws: what the job of the first item that failed threw, after all have ended.
func concurrentMap<Item: Sendable, Output: Sendable>(
    _ items: [Item], _ job: @escaping @Sendable (Item) throws -> Output
) throws -> [Output] {
    let others = items.dropFirst().map { item in
        let outcome = Outcome<Output>()
        let worker = BackgroundWorker { outcome.result = Result { try job(item) } }
        worker.start()
        return (worker: worker, outcome: outcome)
    }
    let first = items.first.map { item in Result { try job(item) } }
    for other in others { other.worker.wait() }
    return try ([first] + others.map(\.outcome.result)).compactMap { try $0?.get() }
}

/// Written by one thread before another, which waited for it, reads it.
private final class Outcome<Output: Sendable>: @unchecked Sendable {
    var result: Result<Output, any Error>?
}
