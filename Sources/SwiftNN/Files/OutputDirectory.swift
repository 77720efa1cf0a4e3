#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A directory that a program leaves its files in.
///
/// ```swift
/// let out = try OutputDirectory("runs/first")
/// try model.save(to: out["model.safetensors"])
/// ```
public struct OutputDirectory: Sendable {
    public let path: String

    /// Makes the directory and those above it, so that hours of work do not end with nowhere to write. What a killed
    /// program left half-written there is removed.
    ///
    /// - Throws: `FileError` where it cannot be made or written to.
    public init(_ path: String) throws {
        self.path = path
        var place = path.hasPrefix("/") ? "" : "."
        for name in path.split(separator: "/") {
            place += "/\(name)"
            guard SystemFile.kind(place) == .missing, mkdir(place, 0o777) != 0, errno != EEXIST else { continue }
            throw FileError(path, "the directory cannot be made: \(SystemFile.problem(errno))")
        }
        guard SystemFile.kind(path) == .directory else { throw FileError(path, "is not a directory") }
        guard access(path, W_OK) == 0 else { throw FileError(path, "the directory is not writable") }
        AtomicFile.removeAbandoned(in: path)
    }

    /// The path of a file in it.
    public subscript(_ name: String) -> String { "\(path)/\(name)" }
}
