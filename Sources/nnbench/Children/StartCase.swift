import SwiftNN

/// The time from the start of a process to its first training step: of a perceptron on Fashion-MNIST, with reading the
/// data set.
struct StartCase: BenchmarkCase {
    let name = "start to first step, MLP 784-256-10 on Fashion-MNIST"
    let group = "Fashion-MNIST"

    func measure(with referee: Referee) throws -> Row {
        let data = try DatasetSource.fashionMNIST.locate(in: nil)
        let ours = try ChildProcess.ours(.firstStep, [data])
        let theirs = referee.python.map { ChildProcess.pyTorch($0, .firstStep, [data]) }
        var (own, other) = (Samples(), Samples())
        for _ in 0..<max(referee.match.fewestTurns, 1) + 2 {
            own.add(turn: [try ours.firstLine().seconds])
            if let theirs { other.add(turn: [try theirs.firstLine().seconds]) }
        }
        var row = Row(self)
        row.time(own, nil)
        if theirs != nil { row.pyTorch = Row.Rival(seconds: other.median, mode: "eager") }
        return row
    }
}
