import TestSupport
import Testing

@testable import SwiftNN

/// Pickles that no honest program writes, as the class names of CIFAR-10, which are read first.
@Suite struct PickleTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expectProblem(_ problem: String, _ pickle: [UInt8]) throws {
        let path = try folder.write(pickle, "cifar-10-batches-py/batches.meta")
        expectFileError(path, problem) { _ = try ImageDataset.cifar10(in: folder.path) }
    }

    private static let notPlain = "which is not for plain data, arrays or tensors"

    @Test(arguments: [
        // Names.
        ("cos\nsystem\nU\u{4}true\u{85}R.", "byte 2: refers to \"os.system\", \(notPlain)"),
        ("\u{8c}\u{8}builtins\u{8c}\u{4}eval\u{93}.", "byte 18: refers to \"builtins.eval\", \(notPlain)"),
        ("c__builtin__\nglobals\n)R.", "byte 2: refers to \"__builtin__.globals\", \(notPlain)"),
        ("c\"a\nb\u{1}\n.", #"byte 2: refers to "\"a.b\u0001", \#(notPlain)"#),
        ("K\u{1}K\u{2}\u{93}.", "byte 6: a name that is no text"),
        ("cnumpy", "byte 8: the file ends in a name: 1 bytes expected, 0 there"),
        // Instructions.
        ("(I1\n.", "byte 3: the instruction 0x49 is not for plain data"),
        ("(S'a'\nios\nsystem\n.", "byte 3: the instruction 0x53 is not for plain data"),
        ("", "byte 2: the file ends in an instruction: 1 bytes expected, 0 there"),
        ("].x", "byte 3: 1 bytes after the end of the pickle"),
        (".", "byte 2: an instruction lacks the values it is for"),
        ("a.", "byte 2: an instruction lacks the values it is for"),
        ("N(0N0000.", "byte 8: an instruction lacks the values it is for"),
        ("](a.", "byte 4: an instruction lacks the values it is for"),
        ("Nt.", "byte 3: an instruction lacks its mark"),
        ("h\u{5}.", "byte 2: the memo has no value 5"),
        ("K\u{1}Na.", "byte 5: 1 items cannot be added to an integer"),
        ("}(Nu.", "byte 5: 1 items cannot be added to a dictionary"),
        ("K\u{1}Nb.", "byte 5: a state for an integer"),
        ("NNR.", "byte 4: a call of None with None"),
        ("cnumpy\nndarray\n)R.", "byte 18: a call of a class that has no such call"),
        ("ccollections\nOrderedDict\nK\u{5}\u{85}R.", "byte 30: an OrderedDict of an integer"),
        ("ccollections\nOrderedDict\n]Na\u{85}R.", "byte 28: not a key and a value"),
        // Lengths.
        ("\u{95}\u{9}\0\0\0\0\0\0\0N.", "byte 2: a frame of 9 bytes, 2 are there"),
        ("U\u{9}ab", "byte 4: the file ends in a string: 9 bytes expected, 2 there"),
        ("T\u{ff}\u{ff}\u{ff}\u{ff}", "byte 7: the file ends in a string: 4294967295 bytes expected, 0 there"),
        (
            "\u{8e}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}",
            "byte 11: the file ends in a string: 9223372036854775807 bytes expected, 0 there"
        ),
        ("\u{8a}\u{9}123456789.", "byte 2: an integer of 9 bytes; 8 can be read"),
        ("\u{8b}\u{ff}\u{ff}\u{ff}\u{ff}.", "byte 2: an integer of 4294967295 bytes; 8 can be read"),
        // Contents.
        ("N.", "None without label_names"),
        ("}X\u{b}\0\0\0label_namesK\u{5}s.", "a dictionary without label_names"),
        ("}X\u{b}\0\0\0label_names]K\u{5}as.", "byte 20: a name expected, got an integer"),
        ("}X\u{b}\0\0\0label_names]U\u{1}aas.", "1 class names, 10 expected"),
        ("}X\u{b}\0\0\0label_names]X\u{1}\0\0\0\u{ff}as.", "byte 20: a name expected, got a text"),
        (
            "c_codecs\nencode\nX\u{2}\0\0\0\u{c4}\u{80}X\u{6}\0\0\0latin1\u{86}R.",
            "byte 37: bytes expected, or a text in Latin-1"
        ),
        ("c__builtin__\nbytes\nK\u{5}\u{85}R.", "byte 24: bytes expected, or a text in Latin-1"),
    ])
    func refuses(instructions: String, problem: String) throws {
        // A character is a byte.
        try expectProblem(problem, [0x80, 2] + instructions.unicodeScalars.map { UInt8($0.value) })
    }

    @Test(
        arguments: [
            (
                [0x28, 0x6c, 0x70, 0x30, 0x0a, 0x2e],
                "byte 0: not a pickle, or one of protocol 0 or 1; 2 to 5 can be read"
            ),
            ([0x80, 1, 0x4e, 0x2e], "byte 0: pickle protocol 1; 2 to 5 can be read"),
            ([0x80, 6, 0x4e, 0x2e], "byte 0: pickle protocol 6; 2 to 5 can be read"),
            ([0x80], "byte 0: the file ends in the protocol: 2 bytes expected, 1 there"),
            ([], "byte 0: the file ends in the protocol: 2 bytes expected, 0 there"),
        ] as [([UInt8], String)])
    func refusesOtherProtocols(bytes: [UInt8], problem: String) throws { try expectProblem(problem, bytes) }

    /// Neither exhausts the stack nor the memory.
    @Test(arguments: [
        ("lists", "]", "a", "a list"), ("tuples", "", "\u{85}", "a tuple"), ("doubled", "", "2\u{86}", "a tuple"),
        ("dictionaries", "}N", "s", "a dictionary"), ("marks", "(", "t", "a tuple"),
    ])
    func deepNesting(name: String, opening: String, closing: String, summary: String) throws {
        let depth = 100_000
        let text = String(repeating: opening, count: depth) + "N" + String(repeating: closing, count: depth) + "."
        try expectProblem("\(summary) without label_names", [0x80, 2] + text.unicodeScalars.map { UInt8($0.value) })
    }

    /// Calls of few bytes, each of which would make a text of a megabyte once more.
    @Test func callsThatMakeFarMore() throws {
        let bytes = { (text: String) in text.unicodeScalars.map { UInt8($0.value) } }
        let text = bytes("X\0\0\u{10}\0") + Array(repeating: UInt8(ascii: "a"), count: 1 << 20)
        let memo = bytes("c_codecs\nencode\nq\0") + text + bytes("q\u{1}U\u{6}latin1q\u{2}")
        let calls = bytes(String(repeating: "h\0h\u{1}h\u{2}\u{86}R0", count: 20) + ".")
        let path = try folder.write([0x80, 2] + memo + calls, "cifar-10-batches-py/batches.meta")
        let error = #expect(throws: FileError.self) { _ = try ImageDataset.cifar10(in: folder.path) }
        #expect(error?.path == path && error?.problem == "calls that make far more than the file holds")
    }

    /// A list that holds itself.
    @Test func cycles() throws {
        try expectProblem("a list without label_names", [0x80, 2] + Array("]q\0h\0a.".utf8))
    }

    @Test(arguments: pyTorchFiles)
    func everyTruncationIsSeen(name: String) throws {
        let good = try pickle(in: contents(of: fixture("files/\(name).pt")))
        _ = try PickleReader.read(good, path: "pickle")
        for count in good.indices {
            #expect(throws: FileError.self, "\(count) bytes") {
                try PickleReader.read(Array(good[..<count]), path: "pickle")
            }
        }
    }

    /// In archives that are whole: their checksums must not be what protects.
    @Test(arguments: pyTorchFiles)
    func changedBytesInsideOfArchivesCrashNothing(name: String) throws {
        let archive = try contents(of: fixture("files/\(name).pt"))
        let good = try pickle(in: archive)
        let places = archive.ranges(of: good) + archive.ranges(of: checksum(good))
        for bytes in damaged(good, count: 1000, seed: 11) {
            var changed = archive
            for place in places {
                changed.replaceSubrange(place, with: place.count == good.count ? bytes : checksum(bytes))
            }
            let path = try folder.write(changed, "bad.pt")
            do { _ = try PyTorchFile.read(path) } catch { #expect(error is FileError, "\(error)") }
        }
    }

    private static let pyTorchFiles = ["state-protocol5", "views", "arrays-protocol2", "arrays-protocol5"]

    private func pickle(in archive: [UInt8]) throws -> [UInt8] {
        let members = try ZipReader(archive, path: "archive").members()
        return try #require(members.first { $0.name.hasSuffix("data.pkl") }).bytes
    }

    private func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var checksum = [UInt8]()
        checksum.append(littleEndian: Deflate.crc32(bytes))
        return checksum
    }
}
