import SwiftNN

/// The largest memory of a process that trains a network.
struct MemoryCase: BenchmarkCase {
    let network: Network
    let batch: Int
    let precision: Precision
    let name: String
    let group: String

    init(_ line: ShapeLine) throws {
        (network, batch, precision) = try Network.parse(line)
        (name, group) = ("memory of training \(line.text)", line.group)
    }

    func measure(with referee: Referee) throws -> Row {
        let arguments = [network.rawValue, "\(batch)", precision.rawValue]
        func bytes(_ child: ChildProcess) throws -> Double {
            let line = try child.firstLine().line
            guard let bytes = Double(line) else { throw BenchError("\(child.program): expected bytes, got \(line)") }
            return bytes
        }
        var row = Row(self)
        row.dtype = precision
        row.memory = try bytes(.ours(.training, arguments))
        row.pyTorch = try referee.python.map { python in
            Row.Rival(memory: try bytes(.pyTorch(python, .training, arguments)), mode: "eager, channels last")
        }
        return row
    }
}
