import SwiftNN

/// The time from the start of a process to its first training step: of a perceptron on Fashion-MNIST, with reading the
/// data set.
struct StartCase: BenchmarkCase {
    let name = "start to first step, MLP 784-256-10 on Fashion-MNIST"
    let group = "Fashion-MNIST"

    func measure(with referee: Referee) throws -> Row {
        let data = try DatasetSource.fashionMNIST.locate(in: nil)
        let ours = ProcessStart(try .ours(.firstStep, [data]))
        let theirs = referee.python.map { ProcessStart(.pyTorch($0, .firstStep, [data])) }
        let samples = try referee.match.play([ours] + [theirs].compactMap(\.self))
        var row = Row(self)
        row.time(samples[0], nil)
        if theirs != nil { row.pyTorch = Row.Rival(samples[1], mode: "eager") }
        return row
    }
}

/// A process that is started for each run.
private final class ProcessStart: Contender {
    private let child: ChildProcess

    init(_ child: ChildProcess) { self.child = child }

    func turn(seconds: Double) throws -> [Double] {
        IdleThreads.ours.sleep()
        return [try child.firstLine().seconds]
    }

    func takeCores() {}
    func leaveCores() {}
}
