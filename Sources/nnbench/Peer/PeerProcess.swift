import Foundation

/// A process that answers every line of JSON with one.
final class PeerProcess {
    private let program: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var received = Data()

    init(program: String, arguments: [String]) throws {
        self.program = program
        process.executableURL = try Self.executable(program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(Self.environment) { $1 }
            .merging(Self.keepsMemory) { $1 }
        process.standardInput = input
        process.standardOutput = output
        do { try process.run() } catch { throw BenchError("\(program): \(error.localizedDescription)") }
    }

    /// Python must not write into the folder that its scripts are in.
    static let environment = ["PYTHONDONTWRITEBYTECODE": "1"]

    /// PyTorch allocates every result anew, and glibc would map and clear the memory of large ones each time, which takes
    /// longer than many a kernel: it is told to keep what was freed, for ours uses the same memory again, too.
    private static let keepsMemory = ["MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "\(1 << 40)"]

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// - Returns: the answer, or nil where the process ended instead.
    func answer<Request: Encodable, Answer: Decodable>(_ request: Request, as type: Answer.Type) throws -> Answer? {
        let line = try JSONEncoder().encode(request) + Data("\n".utf8)
        // Where it has died, reading says so.
        try? input.fileHandleForWriting.write(contentsOf: line)
        guard let answer = readLine() else { return nil }
        do {
            return try JSONDecoder().decode(type, from: answer)
        } catch is DecodingError {
            let beginning = String(decoding: answer.prefix(80), as: UTF8.self)
            throw BenchError("\(program): expected an answer of Benchmarks/pytorch/peer.py, got \"\(beginning)\"")
        }
    }

    private func readLine() -> Data? {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeSubrange(...end) }
                return Data(received[..<end])
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            received.append(more)
        }
    }

    /// As a shell finds it: a path where there is a slash in it, else in PATH.
    static func executable(_ program: String) throws -> URL {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = program.contains("/") ? [""] : path.split(separator: ":").map { $0 + "/" }
        let candidates = directories.map { $0 + program }
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw BenchError("\(program): no such program")
        }
        return URL(fileURLWithPath: found)
    }
}
