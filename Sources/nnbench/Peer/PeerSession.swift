import Foundation
import KernelCases
import SwiftNN

/// PyTorch, and beside it ONNX Runtime, in a Python process that lives as long as the run: see
/// Benchmarks/pytorch/peer.py for the protocol.
final class PeerSession {
    let version: String
    private let process: PeerProcess
    private let folder: ScratchFolder

    private struct Greeting: Decodable {
        let version: String?
        let error: String?
    }

    private struct Preparation: Encodable {
        let problem: PeerProblem
        let inputs: String
        let outputs: String
        let sets: Int
    }

    private struct Turn: Encodable {
        let contender: String
        let seconds: Double
    }

    private struct Prepared: Decodable {
        let mode: String
        let outputs: String
        let seconds: Double
    }

    private struct Answer: Decodable {
        let contenders: [String: Prepared]?
        let samples: [Double]?
        let error: String?
    }

    /// - Parameter compiles: whether whole networks run by torch.compile, too, which takes about half a minute each.
    init(python: String, threads: Int, compiles: Bool) throws {
        folder = try ScratchFolder()
        let arguments = [BenchmarkFiles.pytorch + "/peer.py", String(threads)] + (compiles ? ["--compile"] : [])
        process = try PeerProcess(program: python, arguments: arguments)
        guard let greeting = try process.answer(["hello": threads], as: Greeting.self) else {
            throw BenchError("--pytorch \(python): it ended at once")
        }
        if let error = greeting.error { throw BenchError("--pytorch \(python): \(error)") }
        version = greeting.version ?? "unknown"
    }

    /// - Returns: who is ready to run the problem on our inputs; nil where they have nothing like it.
    func prepare(_ problem: PeerProblem, _ prepared: nnbench.Prepared) throws -> PeerRivals? {
        let inputs = folder["inputs.safetensors"]
        try Safetensors.write(prepared.inputs, to: inputs)
        let request = Preparation(problem: problem, inputs: inputs, outputs: folder.path, sets: prepared.sets)
        let contenders = try ask(["prepare": request]).contenders ?? [:]
        func rival(_ key: String, _ name: String) -> PeerContender? {
            contenders[key].map {
                PeerContender(
                    self, key, name: name, mode: $0.mode, knownTime: $0.seconds, outputsPath: $0.outputs)
            }
        }
        guard let pyTorch = rival("pytorch", "PyTorch") else { return nil }
        return PeerRivals(pyTorch: pyTorch, onnx: rival("onnx", "ONNX Runtime"))
    }

    fileprivate func samples(of contender: String, seconds: Double) throws -> [Double] {
        try ask(["run": Turn(contender: contender, seconds: seconds)]).samples ?? []
    }

    private func ask(_ request: some Encodable) throws -> Answer {
        guard let answer = try process.answer(request, as: Answer.self) else {
            throw BenchError("PyTorch: the process ended unexpectedly")
        }
        if let error = answer.error { throw BenchError("PyTorch: \(error)") }
        return answer
    }
}

/// Those in the Python process who run one problem.
struct PeerRivals {
    let pyTorch: PeerContender?
    let onnx: PeerContender?

    var all: [PeerContender] { [pyTorch, onnx].compactMap(\.self) }
}

/// One of them.
final class PeerContender: Contender {
    let name: String
    /// How it is fastest.
    let mode: String
    let knownTime: Double?
    private let session: PeerSession
    private let key: String
    private let outputsPath: String

    fileprivate init(
        _ session: PeerSession, _ key: String, name: String, mode: String, knownTime: Double, outputsPath: String
    ) {
        (self.session, self.key, self.name) = (session, key, name)
        (self.mode, self.knownTime, self.outputsPath) = (mode, knownTime, outputsPath)
    }

    /// What it computed from our inputs.
    func outputs() throws -> [NamedTensor] {
        try Safetensors.read(outputsPath).tensors.map { NamedTensor($0.key, $0.value) }
    }

    func turn(seconds: Double) throws -> [Double] { try session.samples(of: key, seconds: seconds) }
    func takeCores() { IdleThreads.others.wake() }
    func leaveCores() { IdleThreads.others.sleep() }
}
