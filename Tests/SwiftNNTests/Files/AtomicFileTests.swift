import Foundation
import SwiftNN
import TestSupport
import Testing

@Suite struct AtomicFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func replacesAndLeavesNothingElse() throws {
        let path = folder["model"]
        try AtomicFile.write("old", to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        try AtomicFile.write("new", to: path)
        #expect(try contents(of: path) == Array("new".utf8))
        #expect(try folder.names == ["model"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o640)
    }

    @Test func followsASymbolicLink() throws {
        try folder.write("old", "target")
        try FileManager.default.createSymbolicLink(atPath: folder["link"], withDestinationPath: "target")
        try AtomicFile.write("new", to: folder["link"])
        #expect(try contents(of: folder["target"]) == Array("new".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder["link"]) == "target")
    }

    /// Over another link, to a file that is not there yet.
    @Test func followsALinkToNothing() throws {
        try FileManager.default.createSymbolicLink(atPath: folder["link"], withDestinationPath: "other")
        try FileManager.default.createSymbolicLink(atPath: folder["other"], withDestinationPath: folder["target"])
        try AtomicFile.write("new", to: folder["link"])
        #expect(try contents(of: folder["target"]) == Array("new".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder["link"]) == "other")
    }

    @Test func missingDirectory() throws {
        let path = folder["none/model"]
        expectFileError(path, "cannot be written: no such directory") { try AtomicFile.write("text", to: path) }
    }

    @Test func directoryInTheWay() throws {
        expectFileError(folder.path, "is a directory, not a file") { try AtomicFile.write("text", to: folder.path) }
    }

    @Test(.disabled(if: Environment.isRoot, "root may write everywhere"))
    func unwritableDirectory() throws {
        try folder.write("old", "model")
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path) }
        let path = folder["model"]
        expectFileError(path, "cannot be written: permission denied") { try AtomicFile.write("new", to: path) }
        #expect(try contents(of: path) == Array("old".utf8))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func devicesAreWrittenToAsTheyAre() throws {
        try AtomicFile.write("text", to: "/dev/null")
        expectFileError("/dev/full", "cannot be written: no space left on the disk") {
            try AtomicFile.write("text", to: "/dev/full")
        }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }

    #if os(Linux)
        /// A limit on file sizes stops a write in its middle, as a full disk does. The limit is the process's, hence one
        /// of its own.
        @Test func diskFullInTheMiddle() async {
            await #expect(processExitsWith: .success) {
                let folder = try TemporaryFolder()
                let path = try folder.write("old", "model.safetensors")
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
                #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)  // 1: RLIMIT_FSIZE
                let tensors = [NamedTensor("weight", .zeros([100, 100]))]
                for write in [
                    { try Safetensors.write(tensors, to: path) }, { try NPZ.write(tensors, to: path) },
                    { try NPY.write(tensors[0].tensor, to: path) },
                ] {
                    expectFileError(path, "cannot be written: file too large") { try write() }
                    #expect(try contents(of: path) == Array("old".utf8))
                    #expect(try folder.names == ["model.safetensors"])
                }
            }
        }
    #endif
}
