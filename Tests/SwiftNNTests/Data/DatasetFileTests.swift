import Foundation
import SwiftNN
import TestSupport
import Testing

/// The loaders of the public data sets, on small files of the same form.
@Suite struct DatasetFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: MNIST

    @Test(arguments: [false, true])
    func mnist(compressed: Bool) throws {
        try writeMNIST(folder, "mnist", compressed: compressed)
        let (train, test) = try ImageDataset.mnist(in: folder.path)
        #expect(train.count == 12 && test.count == 5)
        #expect(train.shape == [1, 4, 4])
        #expect(train.labels == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
        #expect(train.pixels[17] == 119)
        #expect(try ImageDataset.fashionMNIST(in: folder["mnist"]).train.classNames[9] == "Ankle boot")
    }

    @Test func damagedMNIST() throws {
        try writeMNIST(folder, "mnist")
        func expectProblem(_ file: String, _ bytes: [UInt8]?, _ problem: String) throws {
            let path = folder["mnist/\(file)"]
            let good = try contents(of: path)
            try FileManager.default.removeItem(atPath: path)
            if let bytes { try folder.write(bytes, "mnist/\(file)") }
            expectFileError(path, problem) { _ = try ImageDataset.mnist(in: folder.path) }
            try folder.write(good, "mnist/\(file)")
        }
        let labels = "train-labels-idx1-ubyte"
        let images = folder["mnist/train-images-idx3-ubyte"]
        try expectProblem(labels, nil, "no such file")
        try expectProblem(
            labels, idxBytes([11], data: Array(repeating: 0, count: 11)), "11 labels, but \(images) has 12 images")
        try expectProblem(
            labels, idxBytes([12], data: Array(0..<12)), "item 10: label 10 is outside of 0..<10")
        try expectProblem(
            labels, contents(of: images), "byte 3: 3 dimensions [12, 4, 4]; labels (count) have 1")
        try expectProblem(
            "t10k-images-idx3-ubyte", idxBytes([5, 2, 2], data: Array(repeating: 0, count: 20)),
            "images of [1, 2, 2], but \(images) has [1, 4, 4]")
        try expectProblem(
            "t10k-images-idx3-ubyte", idxBytes([1, 1, 1], type: 0x0d, data: [0, 0, 0, 0]),
            "byte 2: holds float; images (count, height, width) must be uint8")
        for shape in [[0, 1 << 31, 1 << 31], [1 << 31, 0, 28], [0, 4, 4]] {
            try expectProblem(
                "t10k-images-idx3-ubyte", idxBytes(shape, data: []), "byte 4: dimensions \(shape): no images")
        }
        _ = try ImageDataset.mnist(in: folder.path)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist")))
    func otherDataSetOfTheSameFileNames() throws {
        let path = "/usr/share/datasets/fashion-mnist"
        expectFileError("\(path)/train-labels-idx1-ubyte.gz", "these are the labels of fashion-mnist, not of mnist") {
            _ = try ImageDataset.mnist(in: path)
        }
        #expect(try ImageDataset.fashionMNIST(in: path).test.count == 10_000)
    }

    @Test(arguments: [false, true])
    func anotherDataSetOfThatForm(compressed: Bool) throws {
        try writeMNIST(folder, "letters", compressed: compressed)
        let (train, test) = try ImageDataset.idx(in: folder["letters"])
        #expect(train.count == 12 && test.count == 5)
        #expect(train.classNames == (0..<10).map(String.init) && test.classNames == train.classNames)
        // A plain file comes before a compressed one.
        try folder.write(idxBytes([12], data: Array(repeating: 3, count: 12)), "letters/train-labels-idx1-ubyte")
        let testLabels = folder["letters/t10k-labels-idx1-ubyte" + (compressed ? ".gz" : "")]
        expectFileError(testLabels, "item 4: label 4 is outside of 0..<4") {
            _ = try ImageDataset.idx(in: folder["letters"])
        }
    }

    // MARK: CIFAR-10

    @Test(arguments: [false, true]) func cifar10(compressed: Bool) throws {
        try writeCIFAR10(folder, "cifar-10-batches-bin", compressed: compressed)
        let (train, test) = try ImageDataset.cifar10(in: folder.path)
        #expect(train.count == 10 && test.count == 2)
        #expect(train.shape == [3, 32, 32])
        #expect(train.labels == [3, 9, 3, 9, 3, 9, 3, 9, 3, 9])
        #expect(train.classNames == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])
        #expect(Array(train[1].prefix(6)) == [4, 5, 6, 4, 5, 6])
    }

    @Test(arguments: [
        (
            "data_batch_3.bin", cifarRecord(3, [1, 2, 3]) + [7],
            "record 1: cut off or too long: 1 bytes, a record has 3073"
        ),
        ("data_batch_3.bin", [], "record 0: cut off or too long: 0 bytes, a record has 3073"),
        ("data_batch_3.bin", cifarRecord(3, [1, 2, 3]), "1 records, data_batch_1.bin has 2"),
        (
            "test_batch.bin", cifarRecord(0, [1, 2, 3]) + cifarRecord(10, [1, 2, 3]),
            "record 1: label 10 is outside of 0..<10"
        ),
        ("batches.meta.txt", Array("a\nb\n".utf8), "2 class names, 10 expected"),
        ("batches.meta.txt", nil, "no such file"),
    ])
    func damagedCIFAR10(file: String, bytes: [UInt8]?, problem: String) throws {
        try writeCIFAR10(folder, "cifar10")
        try FileManager.default.removeItem(atPath: folder["cifar10/\(file)"])
        if let bytes { try folder.write(bytes, "cifar10/\(file)") }
        expectFileError(folder["cifar10/\(file)"], problem) { _ = try ImageDataset.cifar10(in: folder.path) }
    }

    @Test func bothVersionsOfCIFAR10AreTheSame() throws {
        let binary = try ImageDataset.cifar10(in: fixture("files/cifar10/cifar-10-batches-bin"))
        let python = try ImageDataset.cifar10(in: fixture("files/cifar10/cifar-10-batches-py"))
        for (a, b) in [(binary.train, python.train), (binary.test, python.test)] {
            #expect(a.pixels == b.pixels && a.labels == b.labels && a.classNames == b.classNames && a.shape == b.shape)
        }
        #expect(python.train.count == 20 && python.test.count == 4)
        #expect(python.train.labels.prefix(4) == [0, 7, 4, 1])
        #expect(python.test.classNames[9] == "truck")
        // Picture 1, whose planes hold (i / 8 + 29) mod 256: red, green and blue of its second pixel row.
        #expect(python.train[1].dropFirst(32 * 3).prefix(3) == [33, 161, 33])
    }

    @Test(arguments: [
        "bytes-protocol2", "bytes-protocol3", "bytes-protocol4", "latin1-protocol2", "latin1-protocol5",
    ])
    func cifar10PickledByPython3(name: String) throws {
        try copyPickledCIFAR10()
        let expected = try ImageDataset.cifar10(in: folder.path).train
        let pickle = try contents(of: fixture("files/cifar10/data_batch_2-\(name)"))
        #expect(try pickle != contents(of: folder["cifar-10-batches-py/data_batch_2"]))
        try folder.write(pickle, "cifar-10-batches-py/data_batch_2")
        let train = try ImageDataset.cifar10(in: folder.path).train
        #expect(train.pixels == expected.pixels && train.labels == expected.labels)
    }

    private func copyPickledCIFAR10() throws {
        try FileManager.default.copyItem(
            atPath: fixture("files/cifar10/cifar-10-batches-py"), toPath: folder["cifar-10-batches-py"])
    }

    @Test func wholeVersionsOfCIFAR10ComeFirst() throws {
        try copyPickledCIFAR10()
        #expect(try DatasetSource.cifar10.locate(in: folder.path) == folder["cifar-10-batches-py"])
        // A part of the binary version beside the pickled one, in the same directory.
        try folder.write([1, 2, 3], "cifar-10-batches-py/data_batch_1.bin")
        #expect(try ImageDataset.cifar10(in: folder["cifar-10-batches-py"]).train.count == 20)
        try writeCIFAR10(folder, "cifar-10-batches-bin")
        #expect(try DatasetSource.cifar10.locate(in: folder.path) == folder["cifar-10-batches-bin"])
        try FileManager.default.removeItem(atPath: folder["cifar-10-batches-bin/test_batch.bin"])
        #expect(try DatasetSource.cifar10.locate(in: folder.path) == folder["cifar-10-batches-py"])
        try FileManager.default.removeItem(atPath: folder["cifar-10-batches-bin"])
        try FileManager.default.removeItem(atPath: folder["cifar-10-batches-py/data_batch_1.bin"])
        try FileManager.default.removeItem(atPath: folder["cifar-10-batches-py/test_batch"])
        expectFileError(folder["cifar-10-batches-py/test_batch"], "no such file") {
            _ = try ImageDataset.cifar10(in: folder.path)
        }
    }

    @Test(arguments: [
        ("data_batch_3", "test_batch", 0, nil),
        ("data_batch_3", "data_batch_1", 1, "byte 12632: the file ends in an instruction: 1 bytes expected, 0 there"),
        ("data_batch_3", "batches.meta", 0, "a dictionary without a list of labels or an array of data"),
        ("batches.meta", "data_batch_3", 0, "a dictionary without label_names"),
    ])
    func damagedPickledCIFAR10(file: String, content: String, cut: Int, problem: String?) throws {
        try copyPickledCIFAR10()
        let bytes = try contents(of: fixture("files/cifar10/cifar-10-batches-py/\(content)"))
        let path = try folder.write(bytes.dropLast(cut), "cifar-10-batches-py/\(file)")
        guard let problem else {
            _ = try ImageDataset.cifar10(in: folder.path)
            return
        }
        expectFileError(path, problem) { _ = try ImageDataset.cifar10(in: folder.path) }
    }

    /// Bytes of the pickle around the pixels.
    @Test func changedPickledCIFAR10CrashesNothing() throws {
        try copyPickledCIFAR10()
        let good = try contents(of: folder["cifar-10-batches-py/data_batch_1"])
        let places = Array(good.indices.prefix(260)) + good.indices.suffix(130)
        var random = RandomStream(seed: 5)
        for place in places {
            var bytes = good
            bytes[place] =
                [0, 0xff, bytes[place] ^ 1, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random)
                ?? 0
            try folder.write(bytes, "cifar-10-batches-py/data_batch_1")
            expectNothingButFileErrors { _ = try ImageDataset.cifar10(in: folder.path) }
        }
    }

    // MARK: CSV

    @Test(arguments: ["", "label,1x1,1x2\n", "\u{feff}"], ["\n", "\r\n"])
    func csv(header: String, newline: String) throws {
        let text = ["7,0,255", "0,12,3"].joined(separator: newline)
        for end in ["", newline, newline + newline] {
            let path = try folder.write(header + text + end, "a.csv")
            let dataset = try ImageDataset.csv(path, shape: [1, 1, 2], classNames: (0..<10).map(String.init))
            #expect(dataset.labels == [7, 0])
            #expect(dataset.pixels == [0, 255, 12, 3])
        }
    }

    @Test func csvRoundTrip() throws {
        let pixels = (0..<2 * 12).map { UInt8($0 * 11) }
        let written = ImageDataset(pixels: pixels, shape: [3, 2, 2], labels: [1, 0], classNames: ["a", "b"])
        try written.write(csv: folder["a.csv"])
        let first = try #require(String(bytes: contents(of: folder["a.csv"]), encoding: .utf8)).prefix { $0 != "\n" }
        #expect(first == "1,0,33,66,99,11,44,77,110,22,55,88,121")
        let read = try ImageDataset.csv(folder["a.csv"], shape: [3, 2, 2], classNames: ["a", "b"])
        #expect(read.pixels == pixels && read.labels == [1, 0])
    }

    @Test(arguments: [
        ("1,2,3\n1,2\n", "line 2, column 2: the line ends here, 3 columns expected"),
        ("1,2,3,4\n", "line 1, column 3: more than the expected 3 columns"),
        ("label,a,b\n1,2,256\n", "line 2, column 3: '256' is not a pixel (0...255)"),
        ("10,2,3\n", "line 1, column 1: '10' is not a label (0...9)"),
        ("1,-2,3\n", "line 1, column 2: '-2' is not a pixel (0...255)"),
        ("1,,3\n", "line 1, column 2: '' is not a pixel (0...255)"),
        ("1,2,3\n\n1,2,3\n", "line 2, column 1: '' is not a label (0...9)"),
        ("1,2,3\n1,2,0.5\n", "line 2, column 3: '0.5' is not a pixel (0...255)"),
        ("1,2,99999999999999999999999\n", "line 1, column 3: '99999999999999999999' is not a pixel (0...255)"),
    ])
    func damagedCSV(text: String, problem: String) throws {
        let path = try folder.write(text, "a.csv")
        expectFileError(path, problem) {
            _ = try ImageDataset.csv(path, shape: [1, 1, 2], classNames: (0..<10).map(String.init))
        }
    }

    @Test func changedBytesCrashNothing() throws {
        var random = RandomStream(seed: 3)
        let csv = Array("label,a,b\n1,2,3\n4,55,66\n".utf8)
        let record = cifarRecord(3, [1, 2, 3])
        try writeCIFAR10(folder, "cifar10")
        for _ in 0..<300 {
            var changed = csv
            changed[Int.random(in: changed.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            let path = try folder.write(changed.prefix(Int.random(in: 0...csv.count, using: &random)), "a.csv")
            expectNothingButFileErrors { _ = try ImageDataset.csv(path, shape: [1, 1, 2], classNames: ["a"]) }
        }
        for _ in 0..<10 {
            try folder.write(record.prefix(Int.random(in: 0..<3073, using: &random)), "cifar10/data_batch_2.bin")
            #expect(throws: FileError.self) { try ImageDataset.cifar10(in: folder.path) }
        }
    }

    private func expectNothingButFileErrors(_ body: () throws -> Void) {
        do { try body() } catch { #expect(error is FileError) }
    }

    // MARK: The published files

    @Test(.enabled(if: Environment.data != nil, "SWIFTNN_TEST_DATA"))
    func publishedMNIST() throws {
        let (train, test) = try ImageDataset.mnist(in: Environment.data)
        #expect(train.count == 60_000 && test.count == 10_000)
        #expect(train.labels.prefix(5) == [5, 0, 4, 1, 9])
        let statistics = train.channelStatistics()
        #expect(abs(statistics.mean[0] - 0.1307) < 1e-4 && abs(statistics.deviation[0] - 0.3081) < 1e-4)
    }

    @Test(.enabled(if: Environment.data != nil, "SWIFTNN_TEST_DATA"))
    func publishedCIFAR10() throws {
        let (train, test) = try ImageDataset.cifar10(in: Environment.data)
        #expect(train.count == 50_000 && test.count == 10_000)
        #expect(test.classNames[9] == "truck")
        let statistics = test.channelStatistics()
        #expect(abs(statistics.mean[0] - 0.4942) < 1e-3)
    }

    @Test(.enabled(if: Environment.data != nil && Environment.python != nil, "SWIFTNN_TEST_DATA, SWIFTNN_PYTHON"))
    func publishedCIFAR10Pickled() throws {
        let directory = try DatasetSource.cifar10.locate(in: Environment.data)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Fixtures/python2_pickle.py").standardized.path
        try Environment.runPython(
            "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
            script, directory, folder["cifar-10-batches-py"])
        let binary = try ImageDataset.cifar10(in: directory)
        let python = try ImageDataset.cifar10(in: folder.path)
        for (a, b) in [(binary.train, python.train), (binary.test, python.test)] {
            #expect(a.pixels == b.pixels && a.labels == b.labels && a.classNames == b.classNames)
        }
    }
}
