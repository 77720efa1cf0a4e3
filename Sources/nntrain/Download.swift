import Foundation
import SwiftNN

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Brings the files of a data set from a mirror. They take their place decompressed, which saves every program that reads
/// them the time for it, and only after their hashes were checked.
struct Download {
    private let source: DatasetSource
    private let mirror: String
    private let directory: String
    /// Where files lie until they are checked: beside their place, so that moving them there is one step.
    private let staging: String

    init(_ source: DatasetSource, from mirror: String, to directory: String) {
        (self.source, self.directory) = (source, directory)
        self.mirror = mirror.hasSuffix("/") ? mirror : mirror + "/"
        staging = directory + ".partial-\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// - Throws: `FileError` naming the address or the file and what is wrong; nothing that was there is changed then.
    func run() throws {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        guard !directory.isEmpty, !files.fileExists(atPath: directory, isDirectory: &isFolder) || isFolder.boolValue
        else { throw FileError(directory, "is not a folder") }
        removeAbandoned()
        do {
            try files.createDirectory(atPath: staging, withIntermediateDirectories: true)
            defer { try? files.removeItem(atPath: staging) }
            for name in source.downloads { try fetch(name) }
            try verify()
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for name in try files.contentsOfDirectory(atPath: staging) {
                let place = directory + "/" + name
                guard rename(staging + "/" + name, place) == 0 else {
                    throw FileError(place, "cannot be replaced: \(String(cString: strerror(errno)))")
                }
            }
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(directory, error.localizedDescription)
        }
    }

    /// Removes what downloads to the same place left that were killed.
    private func removeAbandoned() {
        let place = URL(fileURLWithPath: directory)
        let folder = place.deletingLastPathComponent().path
        let prefix = place.lastPathComponent + ".partial-"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
            guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else {
                continue
            }
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    /// - Throws: `FileError` naming the mirror, for the files are gone afterwards.
    private func verify() throws {
        do {
            try source.verify(in: staging)
        } catch let error as FileError {
            throw FileError(
                error.path.replacingOccurrences(of: staging + "/", with: mirror), at: error.place, error.problem)
        }
    }

    private func fetch(_ name: String) throws {
        guard let address = URL(string: mirror + name) else { throw FileError(mirror + name, "not an address") }
        print("fetching \(address.absoluteString)")
        let bytes = try load(address)
        let path = staging + "/" + name
        if name.hasSuffix(".tar.gz") {
            try AtomicFile.write(bytes, to: path)
            try unpack(path, from: address.absoluteString)
            try FileManager.default.removeItem(atPath: path)
        } else if name.hasSuffix(".gz") {
            // Some servers call the compression that of the transport, which is then undone already.
            let content =
                Gzip.isGzip(bytes) ? try Gzip.decompress(bytes, path: address.absoluteString) : bytes
            try AtomicFile.write(content, to: String(path.dropLast(".gz".count)))
        } else {
            try AtomicFile.write(bytes, to: path)
        }
    }

    private func load(_ address: URL) throws -> [UInt8] {
        let result = Result<Data, any Error>.waiting { resume in
            URLSession.shared.dataTask(with: address) { data, response, error in
                if let error { return resume(.failure(error)) }
                let status = (response as? HTTPURLResponse)?.statusCode ?? 200
                guard status == 200, let data else {
                    return resume(.failure(FileError(address.absoluteString, "the server answered \(status)")))
                }
                resume(.success(data))
            }.resume()
        }
        do {
            return Array(try result.get())
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(address.absoluteString, "cannot be fetched: \(error.localizedDescription)")
        }
    }

    /// Unpacks an archive of one folder into the staging directory, without the folder.
    private func unpack(_ archive: String, from address: String) throws {
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-xzf", archive, "-C", staging, "--strip-components", "1"]
        tar.standardError = FileHandle.nullDevice
        try tar.run()
        tar.waitUntilExit()
        guard tar.terminationStatus == 0 else {
            throw FileError(address, "tar could not unpack it (status \(tar.terminationStatus))")
        }
    }
}

extension Result where Success: Sendable, Failure == any Error {
    /// Waits for a result that is handed over on another thread.
    fileprivate static func waiting(_ start: (@escaping @Sendable (Self) -> Void) -> Void) -> Self {
        let box = ResultBox<Self>()
        start { box.set($0) }
        return box.wait()
    }
}

/// Hands one value from one thread to another.
private final class ResultBox<Value: Sendable>: @unchecked Sendable {
    private var value: Value?
    private let ready = DispatchSemaphore(value: 0)

    func set(_ value: Value) {
        self.value = value
        ready.signal()
    }

    func wait() -> Value {
        ready.wait()
        guard let value else { preconditionFailure("signalled without a value") }
        return value
    }
}
