#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whole files to memory, and what the system says about a path. The system's calls are used directly: the library
/// then starts without Foundation.
enum SystemFile {
    /// What stands at a path.
    enum Kind {
        case missing
        case file
        case directory
        /// A device, a pipe, a socket.
        case special
    }

    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .special
        }
    }

    /// The names of what is in a directory; none where it cannot be read.
    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                names.append(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
            }
        }
        return names
    }

    /// All bytes of a file.
    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path, problem(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path, problem(errno)) }
        // The size is a hint: pipes have none, files grow. One byte more, so that the end is seen at once.
        var room = max(Int(status.st_size), 0) + 1
        var bytes = [UInt8]()
        while true {
            let piece = try [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                LargePages.request(under: buffer)
                count = try fill(buffer, from: descriptor, path: path)
            }
            bytes = bytes.isEmpty ? piece : bytes + piece
            if piece.count < room { return bytes }
            room = max(bytes.count, 1 << 16)
        }
    }

    /// Reads until the buffer is full or the file ends; returns how much it read.
    private static func fill(
        _ buffer: UnsafeMutableBufferPointer<UInt8>, from descriptor: Int32, path: String
    ) throws -> Int {
        var count = 0
        while count < buffer.count {
            let got = readSome(descriptor, buffer.baseAddress! + count, buffer.count - count)
            if got == 0 { break }
            if got < 0 && errno != EINTR { throw FileError(path, problem(errno)) }
            count += max(got, 0)
        }
        return count
    }

    /// The value of an environment variable; nil where it is unset or empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// The words for an error number.
    static func problem(_ number: Int32) -> String {
        switch number {
        case ENOENT: "no such file"
        case ENOTDIR: "no such file (a part of the path is not a directory)"
        case EISDIR: "is a directory, not a file"
        case EACCES, EPERM: "permission denied"
        case ENOSPC: "no space left on the disk"
        default: String(cString: strerror(number)).lowercased()
        }
    }
}

/// `read` of the system, whose name `SystemFile.read` hides.
private func readSome(_ descriptor: Int32, _ buffer: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
