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

    /// Against the peer where there is one, else against another path in this process.
    private func check(_ outputs: [NamedTensor], _ prepared: Prepared, _ rivals: PeerRivals?) throws -> Check? {
        if let rivals {
            let tolerance = prepared.peerTolerance ?? prepared.tolerance
            return try rivals.all.map { rival in
                Check(
                    outputs, against: try rival.outputs(), by: rival.name, prepared.difference, tolerance: tolerance)
            }.max { $0.error < $1.error }
        }
        return try prepared.reference.map {
            Check(
                outputs, against: try $0(), by: "reference", prepared.difference, tolerance: prepared.tolerance)
        }
    }

    private func time(_ work: Work, _ prepared: Prepared, _ rivals: PeerRivals?, into row: Row) throws -> Row {
        let ceiling = work.ceiling.makeContender()
        let openBLAS = prepared.openBLAS.map { InProcess(.others, run: $0) }
        let others: [(any Contender)?] = [openBLAS, rivals?.pyTorch, rivals?.onnx]
        let samples = try match.play([InProcess(.ours, run: prepared.ours), ceiling] + others.compactMap(\.self))
        var rest = samples.dropFirst(2)
        let medians = others.map { $0 == nil ? nil : rest.removeFirst().median }
        var row = row
        row.time(samples[0], work)
        // Nobody measures yet how fast the machine multiplies in bfloat16.
        if row.dtype == .float32 { row.compare(withCeiling: ceiling.amount / samples[1].limit, of: work) }
        row.openBLASRatio = medians[0].map { $0 / samples[0].median }
        row.pyTorch = rivals?.pyTorch.map { Row.Rival(seconds: medians[1], mode: $0.mode) }
        row.onnx = rivals?.onnx.map { Row.Rival(seconds: medians[2], mode: $0.mode) }
        return row
    }
}
