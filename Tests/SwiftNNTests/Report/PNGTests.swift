import SwiftNN
import Testing

@Suite struct PNGTests {
    @Test(arguments: [(1, 1, 1), (28, 28, 1), (3, 2, 3), (32, 32, 3), (1, 300, 3), (700, 1, 1)])
    func decodesToTheSamePixels(width: Int, height: Int, channels: Int) throws {
        let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 &+ 7) }
        let file = PNG.encode(width: width, height: height, channels: channels, pixels: pixels)
        let chunks = try chunks(of: file)
        try #require(chunks.map(\.type) == ["IHDR", "IDAT", "IEND"])
        #expect(chunks[0].data == bigEndian(width) + bigEndian(height) + [8, channels == 1 ? 0 : 2, 0, 0, 0])
        let rowSize = width * channels
        let scanlines = stride(from: 0, to: pixels.count, by: rowSize).flatMap { [0] + pixels[$0..<$0 + rowSize] }
        try expectContent(chunks[1].data, scanlines)
        #expect(chunks[2].data.isEmpty)
    }

    @Test func planesBecomePixels() {
        let picture = Picture(width: 2, height: 1, channels: 3, planes: [1, 2, 3, 4, 5, 6])
        #expect(picture.pixels == [1, 3, 5, 2, 4, 6])
        #expect(picture.png == PNG.encode(width: 2, height: 1, channels: 3, pixels: [1, 3, 5, 2, 4, 6]))
    }

    @Test func tensorsBecomePictures() {
        let tensor = Tensor([-1, -0.5, 0, 1, 5, .nan], shape: [2, 3])
        let picture = Picture(tensor, range: -1...1)
        #expect((picture.width, picture.height, picture.channels) == (3, 2, 1))
        #expect(picture.pixels == [0, 64, 128, 255, 255, 0])
        #expect(Picture(Tensor([0, 1, 0.2], shape: [3, 1, 1])).pixels == [0, 255, 51])
    }

    @Test func datasetsShowTheirImages() {
        let data = ImageDataset(
            pixels: Array(0..<24), order: .contiguous, shape: [3, 2, 2], labels: [0, 1], classNames: ["a", "b"])
        #expect(data.picture(of: 1).pixels == [12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23])
    }
}

/// The chunks of a PNG file, read strictly.
private func chunks(of file: [UInt8]) throws -> [(type: String, data: [UInt8])] {
    try #require(file.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    var rest = file.dropFirst(8)
    var chunks: [(type: String, data: [UInt8])] = []
    while !rest.isEmpty {
        let size = rest.prefix(4).reduce(0) { $0 << 8 + Int($1) }
        try #require(rest.count >= size + 12)
        let content = rest.dropFirst(4).prefix(4 + size)
        #expect(rest.dropFirst(8 + size).prefix(4).elementsEqual(bigEndian(Int(crc32(content)))))
        chunks.append((String(decoding: content.prefix(4), as: UTF8.self), Array(content.dropFirst(4))))
        rest = rest.dropFirst(12 + size)
    }
    return chunks
}

/// Expects that a zlib stream holds some bytes: a gzip file has the same data between another head and checksum.
private func expectContent(_ stream: [UInt8], _ content: [UInt8]) throws {
    try #require(stream.count > 6)
    #expect(stream[0] & 15 == 8 && (Int(stream[0]) << 8 + Int(stream[1])) % 31 == 0)
    #expect(stream.suffix(4).elementsEqual(bigEndian(Int(adler32(content)))))
    let head: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    let tail = Array(bigEndian(Int(crc32(content))).reversed() + bigEndian(content.count).reversed())
    let gzip = head + stream.dropFirst(2).dropLast(4) + tail
    let decompressed = try Gzip.decompress(gzip, path: "IDAT")
    #expect(decompressed == content)
}

private func bigEndian(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }

private func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
}

private func adler32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
        a = (a + UInt32(byte)) % 65521
        b = (b + a) % 65521
    }
    return b << 16 | a
}
