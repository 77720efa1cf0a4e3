/// NumPy's format for several arrays: a zip archive with an npy member for each.
public enum NPZ {
    /// Reads the arrays by name. Numbers that are not float32 become `Float`.
    ///
    /// - Throws: `FileError`, naming the array, where the archive or an array in it is damaged.
    public static func read(_ path: String) throws -> [String: Tensor] {
        var tensors = [String: Tensor]()
        for member in try ZipReader(path).members() {
            guard member.name.hasSuffix(".npy") else {
                throw FileError(path, at: "member \(member.name)", "not an npy array")
            }
            let name = String(member.name.dropLast(4))
            let tensor = try NPY.decode(member.bytes, path: path, place: "tensor \(name)")
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw FileError(path, at: "tensor \(name)", "the archive has the name twice")
            }
        }
        return tensors
    }

    /// Writes tensors as float32 arrays, in place of the file that may be there.
    ///
    /// - Parameter compressed: by deflate, as NumPy's `savez_compressed` does; otherwise as `savez` does.
    /// - Throws: `FileError` where the file cannot be written or two tensors have one name; the old file then stays.
    public static func write(_ tensors: [NamedTensor], compressed: Bool = false, to path: String) throws {
        try tensors.requireDistinctNames(path: path)
        try AtomicFile.write(to: path) { file in
            var archive = ZipWriter(path: path)
            for item in tensors {
                try archive.append(item.name + ".npy", NPY.encode(item.tensor), compressed: compressed, to: file)
            }
            try archive.finish(file)
        }
    }
}
