/// A public data set: its files, how they are known, where they are looked for and whence they come.
public struct DatasetSource: Sendable {
    /// A file of a data set.
    public struct File: Sendable {
        /// Without the ".gz" that the file on disk may have.
        public let name: String
        /// The bytes of the content, decompressed.
        public let byteCount: Int
        /// The hash of the content, decompressed: archives of the same content differ from mirror to mirror.
        public let sha256: String

        public init(name: String, byteCount: Int, sha256: String) {
            self.name = name
            self.byteCount = byteCount
            self.sha256 = sha256
        }

        /// The file in a directory: plain, or else compressed by gzip.
        public func path(in directory: String) -> String { DatasetSource.path(of: name, in: directory) }
    }

    /// What commands call it.
    public let name: String
    /// In MNIST's form the images and the labels for training, then those of the test.
    public let files: [File]
    /// The names of the files of another version of the same content, where one is read, too. It is neither fetched nor
    /// verified.
    public let otherFiles: [String]
    /// The folders it may be in, below a folder of data sets; the first is where `fetch` puts it.
    public let folders: [String]
    /// Where the system's packages put it.
    public let systemDirectories: [String]
    /// The package that does, if any.
    public let systemPackage: String?
    /// The address below which `downloads` are; ends with a slash.
    public let mirror: String
    /// The names at the mirror: the files compressed by gzip, or one tar archive with a folder of them.
    public let downloads: [String]

    public init(
        name: String, files: [File], otherFiles: [String] = [], folders: [String], systemDirectories: [String] = [],
        systemPackage: String? = nil, mirror: String = "", downloads: [String] = []
    ) {
        self.name = name
        self.files = files
        self.otherFiles = otherFiles
        self.folders = folders
        self.systemDirectories = systemDirectories
        self.systemPackage = systemPackage
        self.mirror = mirror
        self.downloads = downloads
    }

    /// The data sets there are.
    public static let all: [DatasetSource] = [.mnist, .fashionMNIST, .cifar10]
}

// MARK: - Finding

extension DatasetSource {
    /// `~/.cache/swiftnn/` and the data set's folder, where downloads go; nil where there is no home directory.
    public var cacheDirectory: String? {
        SystemFile.environment("HOME").map { "\($0)/.cache/swiftnn/\(folders.first ?? name)" }
    }

    /// The directory with the files.
    ///
    /// - Parameter directory: where they must be, directly or in a folder of the data set's name. Where it is nil they are
    ///   looked for in the same way in the environment variable SWIFTNN_DATA, then in ~/.cache/swiftnn, then where the
    ///   system's packages put them.
    /// - Throws: `FileError` telling where was looked and what helps.
    public func locate(in directory: String? = nil) throws -> String {
        var environment = [String: String]()
        for name in ["SWIFTNN_DATA", "HOME"] { environment[name] = SystemFile.environment(name) }
        return try locate(in: directory, environment: environment)
    }

    /// `locate(in:)` with other values for the environment variables SWIFTNN_DATA and HOME.
    ///
    /// - Throws: `FileError` telling where was looked and what helps.
    public func locate(in directory: String?, environment: [String: String]) throws -> String {
        if let directory {
            guard SystemFile.kind(directory) == .directory else {
                let isThere = SystemFile.kind(directory) != .missing
                throw FileError(directory, isThere ? "is not a directory" : "no such directory")
            }
            if let found = best(of: places(below: directory)) { return found }
            throw FileError(
                directory, "no \(name) here (looked for \(fileList), also in \(folderList)); \(advice)")
        }
        var candidates = environment["SWIFTNN_DATA"].map(places(below:)) ?? []
        candidates += environment["HOME"].map { places(below: $0 + "/.cache/swiftnn") } ?? []
        candidates += systemDirectories
        if let found = best(of: candidates) { return found }
        throw FileError(name, "not found in \(candidates.joined(separator: ", ")); \(advice)")
    }

    private func places(below directory: String) -> [String] { folders.map { "\(directory)/\($0)" } + [directory] }

    /// The names of the files, for every version.
    private var versions: [[String]] { [files.map(\.name), otherFiles].filter { !$0.isEmpty } }

    private var fileList: String { versions.map { $0.joined(separator: ", ") }.joined(separator: ", or ") }

    private var folderList: String { folders.map { $0 + "/" }.joined(separator: ", ") }

    private var advice: String {
        let package = systemPackage.map { ", or apt install \($0)" } ?? ""
        return "run 'nntrain fetch \(name)'\(package), or name the folder with --data or SWIFTNN_DATA"
    }

    /// The first directory with all files of a version; or else the first with some, so that the error names what it
    /// lacks.
    private func best(of directories: [String]) -> String? {
        directories.first { directory in versions.contains { Self.isWhole($0, in: directory) } }
            ?? directories.first { directory in versions.contains { Self.isBegun($0, in: directory) } }
    }

    /// The names of the files of the version that is in a directory.
    func fileNames(in directory: String) -> [String] {
        versions.first { Self.isWhole($0, in: directory) } ?? versions.first { Self.isBegun($0, in: directory) }
            ?? files.map(\.name)
    }

    private static func isWhole(_ names: [String], in directory: String) -> Bool {
        names.allSatisfy { SystemFile.kind(path(of: $0, in: directory)) != .missing }
    }

    private static func isBegun(_ names: [String], in directory: String) -> Bool {
        names.contains { SystemFile.kind(path(of: $0, in: directory)) != .missing }
    }

    /// The file of a name, plain or compressed by gzip.
    static func path(of name: String, in directory: String) -> String {
        let plain = directory + "/" + name
        return SystemFile.kind(plain) == .missing && SystemFile.kind(plain + ".gz") != .missing ? plain + ".gz" : plain
    }
}

// MARK: - Verifying

extension DatasetSource {
    /// Checks that a directory has the files as they were published, by size and hash.
    ///
    /// - Throws: `FileError` for the first file that is missing or another.
    public func verify(in directory: String) throws {
        for file in files {
            let path = file.path(in: directory)
            let content = try Gzip.readFile(path)
            guard content.count == file.byteCount else {
                throw FileError(path, "not as published: \(content.count) bytes of content, not \(file.byteCount)")
            }
            let hash = SHA256.hexadecimal(content)
            guard hash == file.sha256 else {
                throw FileError(path, "not as published: SHA-256 of the content is \(hash), not \(file.sha256)")
            }
        }
    }

    /// Throws where the training labels are those of another data set: MNIST and Fashion-MNIST have the same file names.
    func requireOwnLabels(in directory: String) throws {
        let path = files[1].path(in: directory)
        let content = try Gzip.readFile(path)
        let others = Self.all.filter { $0.name != name && $0.files[1].byteCount == content.count }
        guard !others.isEmpty else { return }
        let hash = SHA256.hexadecimal(content)
        if let owner = others.first(where: { $0.files[1].sha256 == hash }) {
            throw FileError(path, "these are the labels of \(owner.name), not of \(name)")
        }
    }
}
