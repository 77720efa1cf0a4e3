import SwiftNN

/// Something that a row of the table is about.
protocol BenchmarkCase {
    /// Unique among all, and what --filter looks in, with the group.
    var name: String { get }
    /// What it stands under in its shape file.
    var group: String { get }
    func measure(with referee: Referee) throws -> Row
}

/// A problem that is checked, and then timed in turn with its rivals. Nothing is allocated before `prepare`.
protocol Benchmark: BenchmarkCase {
    var work: Work { get }
    /// What numbers it computes with.
    var precision: Precision { get }
    func prepare() throws -> Prepared
}

extension Benchmark {
    var precision: Precision { .float32 }

    func measure(with referee: Referee) throws -> Row { try referee.row(of: self) }
}
