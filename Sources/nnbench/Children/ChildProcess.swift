import CKernels
import Foundation
import KernelCases

/// This program, or Python, started to be measured.
struct ChildProcess {
    let program: String
    let arguments: [String]

    static func ours(_ task: ChildTask, _ arguments: [String]) throws -> ChildProcess {
        guard let program = Bundle.main.executablePath else { throw BenchError("nnbench does not know where it is") }
        let threads = ["--threads", "\(snn_thread_count())"]
        return ChildProcess(program: program, arguments: threads + ["--child", task.rawValue] + arguments)
    }

    static func pyTorch(_ python: String, _ task: ChildTask, _ arguments: [String]) -> ChildProcess {
        let script = BenchmarkFiles.pytorch + "/child.py"
        return ChildProcess(program: python, arguments: [script, "\(snn_thread_count())", task.rawValue] + arguments)
    }

    /// - Returns: the first line that it says, and after how many seconds.
    func firstLine() throws -> (line: String, seconds: Double) {
        let process = Process()
        let output = Pipe()
        process.executableURL = try PeerProcess.executable(program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(PeerProcess.environment) { $1 }
        process.standardOutput = output
        let start = now()
        do { try process.run() } catch { throw BenchError("\(program): \(error.localizedDescription)") }
        var said = Data()
        while !said.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            said.append(more)
        }
        let time = now() - start
        process.waitUntilExit()
        let line = String(decoding: said.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard process.terminationStatus == 0, !line.isEmpty else {
            throw BenchError("\(program) \(arguments.joined(separator: " ")): ended without an answer")
        }
        return (line, time)
    }
}
