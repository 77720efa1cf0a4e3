import Foundation

/// PyTorch in a Python process that lives as long as the run: see Benchmarks/pytorch/peer.py for the protocol.
final class PyTorchPeer {
    let version: String
    private let process: PeerProcess

    private struct Greeting: Decodable {
        let version: String?
        let error: String?
    }

    private struct Answer: Decodable {
        let supported: Bool?
        let samples: [Double]?
        let error: String?
    }

    init(python: String, threads: Int) throws {
        process = try PeerProcess(program: python, arguments: [try Self.script(), String(threads)])
        guard let greeting = try process.answer(["hello": threads], as: Greeting.self) else {
            throw BenchError("--pytorch \(python): it ended at once")
        }
        if let error = greeting.error { throw BenchError("--pytorch \(python): \(error)") }
        version = greeting.version ?? "unknown"
    }

    /// - Returns: a contender for the problem, or nil where PyTorch has nothing like it.
    func prepare(_ problem: PeerProblem) throws -> (any Contender)? {
        let answer = try ask(["prepare": problem])
        return answer.supported == false ? nil : PyTorchContender(peer: self)
    }

    fileprivate func samples(seconds: Double) throws -> [Double] {
        try ask(["run": seconds]).samples ?? []
    }

    private func ask(_ request: some Encodable) throws -> Answer {
        guard let answer = try process.answer(request, as: Answer.self) else {
            throw BenchError("PyTorch: the process ended unexpectedly")
        }
        if let error = answer.error { throw BenchError("PyTorch: \(error)") }
        return answer
    }

    /// In the sources this program was built from, or under the current directory.
    private static func script() throws -> String {
        let path = "Benchmarks/pytorch/peer.py"
        let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()
        let candidates = ["\(root)/\(path)", path]
        guard let found = candidates.first(where: FileManager.default.fileExists) else {
            throw BenchError("--pytorch: \(path) is neither in \(root) nor here")
        }
        return found
    }
}

private final class PyTorchContender: Contender {
    private let peer: PyTorchPeer

    init(peer: PyTorchPeer) { self.peer = peer }

    func turn(seconds: Double) throws -> [Double] { try peer.samples(seconds: seconds) }
    func takeCores() { IdleThreads.others.wake() }
    func leaveCores() { IdleThreads.others.sleep() }
}
