/// Labelled images as text, an image a line: its label, then its pixels, separated by commas (mnist_train.csv).
enum CSV {
    /// The labels and the pixels of all images, as they follow each other in the file.
    struct Images {
        var labels: [Int32] = []
        var pixels: [UInt8] = []
    }

    /// Reads a file, plain or compressed by gzip. A first line that starts with a letter or a quote is a header.
    ///
    /// - Parameters:
    ///   - pixels: how many an image has.
    ///   - classes: labels must be below.
    /// - Throws: `FileError` naming the line and the column.
    static func readImages(_ path: String, pixels: Int, classes: Int) throws -> Images {
        let bytes = try Gzip.readFile(path)
        var images = Images()
        // A pixel takes two to four bytes.
        let likely = bytes.count / (2 * pixels + 2)
        images.labels.reserveCapacity(min(likely, 1 << 20))
        images.pixels.reserveCapacity(min(bytes.count / 2 + 1, 1 << 30))
        try bytes.withUnsafeBufferPointer { bytes in
            var scanner = Scanner(bytes: bytes, path: path)
            scanner.skipHeader()
            while !scanner.atEnd {
                try scanner.readLine(into: &images, pixels: pixels, classes: classes)
            }
        }
        guard !images.labels.isEmpty else { throw FileError(path, "no images") }
        return images
    }

    /// Writes a line an image, without a header.
    ///
    /// - Throws: `FileError` where the file cannot be written.
    static func writeImages(_ images: ImageDataset, to path: String) throws {
        let (channels, area) = (images.shape[0], images.shape.dropFirst().product)
        let texts = (0...255).map { Array(",\($0)".utf8) }
        try AtomicFile.write(to: path) { file in
            for index in 0..<images.count {
                let image = images[index]
                var line = Array("\(images.labels[index])".utf8)
                for channel in 0..<channels {
                    for pixel in 0..<area {
                        line += texts[Int(image[image.startIndex + pixel * channels + channel])]
                    }
                }
                try file.append(line + [newline])
            }
        }
    }

    /// Walks over the bytes; a line of a large file takes no memory of its own.
    private struct Scanner {
        let bytes: UnsafeBufferPointer<UInt8>
        let path: String
        private var position = 0
        private var line = 1
        private var column = 1

        init(bytes: UnsafeBufferPointer<UInt8>, path: String) {
            self.bytes = bytes
            self.path = path
            // The mark that some programs put before UTF-8.
            if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
        }

        /// Only empty lines are left.
        var atEnd: Bool { bytes[position...].allSatisfy { $0 == newline || $0 == carriageReturn } }

        mutating func skipHeader() {
            guard position < bytes.count, bytes[position] > 0x39 || bytes[position] == 0x22 else { return }
            position = bytes[position...].firstIndex(of: newline).map { $0 + 1 } ?? bytes.count
            line += 1
        }

        mutating func readLine(into images: inout Images, pixels: Int, classes: Int) throws {
            column = 1
            images.labels.append(Int32(try number(below: classes, "a label")))
            for _ in 0..<pixels {
                try expectComma(columns: pixels + 1)
                images.pixels.append(UInt8(try number(below: 256, "a pixel")))
            }
            try expectEnd(columns: pixels + 1)
        }

        /// The digits here as a number.
        private mutating func number(below limit: Int, _ what: String) throws -> Int {
            let start = position
            var value = 0
            while position < bytes.count, bytes[position] &- 0x30 < 10, value < limit {
                value = value * 10 + Int(bytes[position] - 0x30)
                position += 1
            }
            guard position > start, value < limit, endsField else {
                throw failure("'\(field(from: start))' is not \(what) (0...\(limit - 1))")
            }
            return value
        }

        private var endsField: Bool {
            position == bytes.count || [comma, newline, carriageReturn].contains(bytes[position])
        }

        private mutating func expectComma(columns: Int) throws {
            guard position < bytes.count, bytes[position] == comma else {
                throw failure("the line ends here, \(columns) columns expected")
            }
            position += 1
            column += 1
        }

        private mutating func expectEnd(columns: Int) throws {
            if position < bytes.count, bytes[position] == carriageReturn { position += 1 }
            if position < bytes.count {
                guard bytes[position] == newline else { throw failure("more than the expected \(columns) columns") }
                position += 1
            }
            line += 1
        }

        /// What stands in the field, for the error.
        private func field(from start: Int) -> String {
            let text = bytes[start...].prefix(20).prefix { ![comma, newline, carriageReturn].contains($0) }
            return String(decoding: text.map { 0x20..<0x7f ~= $0 ? $0 : 0x3f }, as: UTF8.self)
        }

        private func failure(_ problem: String) -> FileError {
            FileError(path, at: "line \(line), column \(column)", problem)
        }
    }
}

private let comma = UInt8(ascii: ",")
private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
