import CKernels
import ReferenceKernels
import SwiftNN

/// Checks a benchmark, and times it against the machine's ceiling and its rivals.
struct Referee {
    let peer: PeerSession?
    /// The Python that the peer runs in, for those that run in processes of their own.
    let python: String?
    let match: Match

    func row(of benchmark: any Benchmark) throws -> Row {
        let prepared = try benchmark.prepare()
        let outputs = try prepared.outputs()
        let rivals = try peer.flatMap { peer in try prepared.problem.flatMap { try peer.prepare($0, prepared) } }
        var row = Row(benchmark)
        row.dtype = benchmark.precision
        row.check = try check(outputs, prepared, rivals)
        if let failure = row.check?.failure { throw BenchError(failure) }
        return try time(benchmark.work, prepared, rivals, into: row)
    }

    /// Against the peer where there is one, and against another path in this process where there is none, or where the
    /// peer computes less exactly.
    private func check(_ outputs: [NamedTensor], _ prepared: Prepared, _ rivals: PeerRivals?) throws -> Check? {
        func check(against expected: [NamedTensor], by name: String, _ tolerance: Double) -> Check {
            Check(
                outputs, against: expected, by: name, prepared.difference, tolerance: tolerance,
                tolerances: prepared.tolerances)
        }
        var checks = try (rivals?.all ?? []).map { rival in
            check(against: try rival.outputs(), by: rival.name, prepared.peerTolerance ?? prepared.tolerance)
        }
        if let reference = prepared.reference, checks.isEmpty || prepared.peerTolerance != nil {
            checks.append(check(against: try reference(), by: "reference", prepared.tolerance))
        }
        return checks.max { $0.error / $0.tolerance < $1.error / $1.tolerance }
    }

    private func time(_ work: Work, _ prepared: Prepared, _ rivals: PeerRivals?, into row: Row) throws -> Row {
        let ceiling = work.ceiling.makeContender()
        let openBLAS = prepared.openBLAS.map { InProcess(.others, run: $0) }
        let others: [(any Contender)?] = [openBLAS, rivals?.pyTorch, rivals?.onnx]
        let samples = try match.play([InProcess(.ours, run: prepared.ours), ceiling] + others.compactMap(\.self))
        var rest = samples.dropFirst(2)
        let played = others.map { $0 == nil ? nil : rest.removeFirst() }
        var row = row
        row.time(samples[0], work)
        row.compare(withCeiling: ceiling.amount / samples[1].limit, of: work)
        row.openBLAS = played[0].map { Row.Rival($0) }
        row.pyTorch = played[1].map { Row.Rival($0, mode: rivals?.pyTorch?.mode) }
        row.onnx = played[2].map { Row.Rival($0, mode: rivals?.onnx?.mode) }
        return row
    }
}
