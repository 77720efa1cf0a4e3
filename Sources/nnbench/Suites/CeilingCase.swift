/// A limit of the machine by itself.
struct CeilingCase: BenchmarkCase {
    let ceiling: Ceiling
    /// nil for all.
    let threads: Int?

    static var all: [CeilingCase] {
        Ceiling.available.flatMap { [CeilingCase(ceiling: $0, threads: 1), CeilingCase(ceiling: $0, threads: nil)] }
    }

    var name: String { "ceiling \(ceiling.rawValue), \(threads == nil ? "all threads" : "one thread")" }
    var group: String { Self.groupName }

    static let groupName = "ceilings"

    func measure(with referee: Referee) throws -> Row {
        let contender = ceiling.makeContender(threads: threads)
        let samples = try referee.match.play([contender])[0]
        var row = Row(self)
        if let threads { row.threads = threads }
        row.time(samples, nil)
        row.isCeiling(ceiling, rate: contender.amount / samples.limit)
        return row
    }
}
