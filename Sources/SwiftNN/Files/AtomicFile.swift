#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes files so that a reader sees the old file or the new one, never a part: the bytes go to a file beside it,
/// reach the disk, and then take its name. Where that fails the old file stays and nothing is left behind.
public enum AtomicFile {
    /// Replaces or creates the file at `path`; a device or a pipe there is written to as it is.
    ///
    /// - Throws: `FileError` where the directory is missing or not writable, or the disk is full.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        try write(to: path) { try $0.append(bytes) }
    }

    /// Replaces or creates the file at `path` with a text in UTF-8.
    ///
    /// - Throws: as `write(_:to:)` of bytes.
    public static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    /// Replaces or creates the file at `path` with what `body` appends.
    static func write(to path: String, _ body: (borrowing OutputFile) throws -> Void) throws {
        switch SystemFile.kind(path) {
        case .directory: throw FileError(path, SystemFile.problem(EISDIR))
        case .special: try body(try OutputFile(opening: path, flags: O_WRONLY, reportedAs: path))
        case .file, .missing: try replace(resolvingLink(path), reportedAs: path, body)
        }
    }

    private static func replace(
        _ target: String, reportedAs path: String, _ body: (borrowing OutputFile) throws -> Void
    ) throws {
        let temporary = "\(target).\(getpid())-\(UInt32.random(in: .min ... .max)).partial"
        do {
            let file = try OutputFile(opening: temporary, flags: O_WRONLY | O_CREAT | O_EXCL, reportedAs: path)
            try body(file)
            try file.takeMode(of: target)
            try file.synchronize()
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else {
            let problem = SystemFile.problem(errno)
            unlink(temporary)
            throw FileError(path, "cannot be written: \(problem)")
        }
        synchronizeDirectory(of: target)
    }

    /// Removes what processes that were killed have left half-written in a directory.
    static func removeAbandoned(in directory: String) {
        for name in SystemFile.names(in: directory) where isAbandoned(name) { unlink("\(directory)/\(name)") }
    }

    /// Whether a file is of those that `replace` makes, and the process that its name tells of is no more.
    private static func isAbandoned(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        guard parts.count > 2, parts[parts.count - 1] == "partial" else { return false }
        let numbers = parts[parts.count - 2].split(separator: "-")
        guard numbers.count == 2, let process = pid_t(numbers[0]), UInt32(numbers[1]) != nil else { return false }
        return kill(process, 0) != 0 && errno == ESRCH
    }

    /// The file a symbolic link leads to, there or not, so that the link stays a link.
    private static func resolvingLink(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        var path = path
        // More links after each other than this are a circle.
        for _ in 0..<40 {
            var text = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = readlink(path, &text, text.count)
            guard length > 0 else { break }
            let target = String(decoding: text[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            path = target.hasPrefix("/") ? target : folder + target
        }
        return path
    }

    /// Makes the new name reach the disk. Not every file system can, and the file is whole either way.
    private static func synchronizeDirectory(of path: String) {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A file open for writing from its beginning to its end.
struct OutputFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// - Parameter reportedAs: the path that errors name.
    fileprivate init(opening file: String, flags: Int32, reportedAs path: String) throws {
        self.path = path
        descriptor = open(file, flags | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw FileError(path, Self.problem(errno, opening: true)) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try append($0) }
    }

    /// Appends the elements in the order of the shape, little-endian as on every CPU that Swift runs on.
    func append(_ tensor: Tensor) throws {
        let contiguous = tensor.contiguous()
        try contiguous.withUnsafePointer {
            try append(UnsafeRawBufferPointer(UnsafeBufferPointer(start: $0, count: contiguous.count)))
        }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let written = write(descriptor, piece.baseAddress, piece.count)
            if written < 0 && errno != EINTR { throw failure() }
            rest = rest.dropFirst(max(written, 0))
        }
    }

    /// Gives this file the permissions of the one it will replace.
    fileprivate func takeMode(of file: String) throws {
        var status = stat()
        guard stat(file, &status) == 0 else { return }
        guard fchmod(descriptor, status.st_mode & 0o7777) == 0 else { throw failure() }
    }

    /// Waits until the bytes are on the disk.
    fileprivate func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    private func failure() -> FileError { FileError(path, Self.problem(errno, opening: false)) }

    private static func problem(_ number: Int32, opening: Bool) -> String {
        let reason = opening && number == ENOENT ? "no such directory" : SystemFile.problem(number)
        return "cannot be written: \(reason)"
    }
}
