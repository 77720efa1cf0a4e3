import SwiftNN
import TestSupport
import Testing

@Suite struct DatasetSourceTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let advice = "run 'nntrain fetch mnist', or name the folder with --data or SWIFTNN_DATA"
    private let files =
        "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte"

    @Test func looksInOrder() throws {
        let home = folder["home"]
        let cache = "home/.cache/swiftnn/mnist"
        try writeMNIST(folder, cache)
        #expect(try DatasetSource.mnist.locate(in: nil, environment: ["HOME": home]) == folder[cache])

        try writeMNIST(folder, "shared/MNIST/raw", compressed: true)
        let environment = ["HOME": home, "SWIFTNN_DATA": folder["shared"]]
        #expect(try DatasetSource.mnist.locate(in: nil, environment: environment) == folder["shared/MNIST/raw"])

        try writeMNIST(folder, "given")
        #expect(try DatasetSource.mnist.locate(in: folder["given"], environment: environment) == folder["given"])
        let other = ["HOME": home, "SWIFTNN_DATA": folder["none"]]
        #expect(try DatasetSource.mnist.locate(in: nil, environment: other) == folder[cache])
    }

    @Test func aWholeDataSetComesBeforeAPart() throws {
        try folder.write([0], "shared/mnist/train-images-idx3-ubyte")
        try writeMNIST(folder, "home/.cache/swiftnn/mnist")
        let environment = ["HOME": folder["home"], "SWIFTNN_DATA": folder["shared"]]
        let found = try DatasetSource.mnist.locate(in: nil, environment: environment)
        #expect(found == folder["home/.cache/swiftnn/mnist"])
        let part = try DatasetSource.mnist.locate(in: nil, environment: ["SWIFTNN_DATA": folder["shared"]])
        #expect(part == folder["shared/mnist"])
    }

    @Test func tellsWhereItLooked() throws {
        let home = folder["home"]
        expectFileError(
            "mnist",
            "not found in \(home)/.cache/swiftnn/mnist, \(home)/.cache/swiftnn/MNIST/raw, "
                + "\(home)/.cache/swiftnn; \(advice)"
        ) {
            _ = try DatasetSource.mnist.locate(in: nil, environment: ["HOME": home])
        }
        // A directory that was asked for is not replaced by another.
        try writeMNIST(folder, "home/.cache/swiftnn/mnist")
        expectFileError(folder["none"], "no such directory") {
            _ = try DatasetSource.mnist.locate(in: folder["none"], environment: ["HOME": home])
        }
        expectFileError(home, "no mnist here (looked for \(files), also in mnist/, MNIST/raw/); \(advice)") {
            _ = try DatasetSource.mnist.locate(in: home, environment: ["HOME": home])
        }
        let file = try folder.write("", "file")
        expectFileError(file, "is not a directory") { _ = try DatasetSource.mnist.locate(in: file) }
    }

    @Test func tableIsWhole() {
        #expect(DatasetSource.all.map(\.name) == ["mnist", "fashion-mnist", "cifar10"])
        for file in DatasetSource.all.flatMap(\.files) {
            #expect(file.sha256.count == 64 && file.byteCount > 0, "\(file.name)")
        }
        #expect(DatasetSource.fashionMNIST.systemDirectories == ["/usr/share/datasets/fashion-mnist"])
    }

    /// Contents whose length is on either side of what makes SHA-256 add a block; hashes by sha256sum.
    @Test(arguments: [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
    func verifiesTheContent(count: Int, hash: String) throws {
        let source = DatasetSource(
            name: "x", files: [.init(name: "x.bin", byteCount: count, sha256: hash)], folders: ["x"])
        let bytes = Array(repeating: UInt8(ascii: "a"), count: count)
        try folder.write(Gzip.compress(bytes), "x.bin.gz")
        try source.verify(in: folder.path)
        try folder.write(bytes, "x.bin")
        try source.verify(in: folder.path)

        try folder.write(bytes + [0], "x.bin")
        expectFileError(folder["x.bin"], "not as published: \(count + 1) bytes of content, not \(count)") {
            try source.verify(in: folder.path)
        }
        guard count == 1000 else { return }
        try folder.write(bytes.dropLast() + [0], "x.bin")
        let error = #expect(throws: FileError.self) { try source.verify(in: folder.path) }
        #expect(error?.problem.hasSuffix("not \(hash)") == true)
    }
}
