import Foundation
import SwiftNN
import TestSupport
import Testing

/// Where programs leave their files.
@Suite struct OutputDirectoryTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func isMadeWithThoseAboveIt() throws {
        for _ in 1...2 {
            let out = try OutputDirectory(folder["a/b//c/"])
            try AtomicFile.write("text", to: out["file"])
        }
        #expect(try contents(of: folder["a/b/c/file"]) == Array("text".utf8))
    }

    @Test func whatKilledProcessesLeftIsRemoved() throws {
        // No process has so large a number.
        let mine = "model.\(ProcessInfo.processInfo.processIdentifier)-1.partial"
        let others = ["model.safetensors", "notes.partial", "a.b-c.partial", mine]
        for name in others + ["model.safetensors.2147483647-4294967295.partial"] { try folder.write("text", name) }
        _ = try OutputDirectory(folder.path)
        #expect(try folder.names == others.sorted())
    }

    @Test func aFileIsInTheWay() throws {
        try folder.write("text", "file")
        expectFileError(folder["file"], "is not a directory") { _ = try OutputDirectory(folder["file"]) }
        expectFileError(
            folder["file/a"], "the directory cannot be made: no such file (a part of the path is not a directory)"
        ) { _ = try OutputDirectory(folder["file/a"]) }
    }

    @Test(.disabled(if: Environment.isRoot, "root may write everywhere"))
    func notWritable() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path) }
        expectFileError(folder.path, "the directory is not writable") { _ = try OutputDirectory(folder.path) }
        expectFileError(folder["a"], "the directory cannot be made: permission denied") {
            _ = try OutputDirectory(folder["a"])
        }
    }
}
