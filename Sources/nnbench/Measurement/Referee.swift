import CKernels

/// Checks a benchmark, and times it against its rivals.
struct Referee {
    let peak: Peak
    let peer: PyTorchPeer?

    func result(of benchmark: any Benchmark) throws -> Result {
        let prepared = try benchmark.prepare()
        let error = prepared.error()
        guard error <= prepared.tolerance else {
            throw BenchError(
                "\(benchmark.name): wrong by \(error) of the largest number, allowed \(prepared.tolerance)")
        }
        let openBLAS = prepared.openBLAS.map { InProcess(.others, run: $0) }
        let pyTorch = try peer.flatMap { peer in
            try benchmark.peerProblem.flatMap { try peer.prepare($0) }
        }
        let rivals: [(any Contender)?] = [openBLAS, pyTorch]
        let samples = try Match().play([InProcess(.ours, run: prepared.ours)] + rivals.compactMap(\.self))
        var rest = samples.dropFirst()
        let medians = rivals.map { $0 == nil ? nil : rest.removeFirst().median }
        return Result(
            benchmark: benchmark, samples: samples[0], peak: peak, openBLASSeconds: medians[0],
            pyTorchSeconds: medians[1])
    }
}
