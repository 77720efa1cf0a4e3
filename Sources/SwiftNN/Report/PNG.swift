/// PNG files, written.
public enum PNG {
    /// The bytes of a PNG file of 8 bits per channel.
    ///
    /// - Parameters:
    ///   - channels: 1 for grey, 3 for red, green, blue.
    ///   - pixels: rows from the top, pixels from the left, the channels of a pixel beside each other.
    public static func encode(width: Int, height: Int, channels: Int, pixels: [UInt8]) -> [UInt8] {
        precondition(width > 0 && height > 0, "PNG.encode: a picture of \(width) x \(height) pixels")
        precondition(channels == 1 || channels == 3, "PNG.encode: \(channels) channels, expected 1 or 3")
        precondition(
            pixels.count == width * height * channels,
            "PNG.encode: \(pixels.count) bytes for \(width) x \(height) pixels of \(channels) channels")
        let colorType: UInt8 = channels == 1 ? 0 : 2
        let header = bigEndian(width) + bigEndian(height) + [8, colorType, 0, 0, 0]
        return signature + chunk("IHDR", header) + chunk("IDAT", Deflate.compress(scanlines(pixels, height), .zlib))
            + chunk("IEND", [])
    }

    private static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    /// Every row behind the number of its filter: 0, none, as good as any for pictures as small as ours.
    private static func scanlines(_ pixels: [UInt8], _ height: Int) -> [UInt8] {
        let rowSize = pixels.count / height
        return (0..<height).flatMap { row in [0] + pixels[row * rowSize..<(row + 1) * rowSize] }
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let content = Array(type.utf8) + data
        return bigEndian(data.count) + content + bigEndian(Int(Deflate.crc32(content)))
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
