/// The frame of a record in TensorFlow's files: its length in 8 bytes, their checksum in 4, the content, and its checksum
/// in 4, all little-endian.
enum TFRecord {
    static func framed(_ content: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(content.count))
        return length + littleEndian(maskedChecksum(length)) + content + littleEndian(maskedChecksum(content))
    }

    /// The CRC-32C, turned and moved by a constant: checksums of data that hold checksums are weak.
    private static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        let checksum = crc32c(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    /// The cyclic redundancy check with Castagnoli's polynomial (RFC 3720).
    private static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { remainder, byte in
            remainder >> 8 ^ remainders[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)]
        }
    }

    /// What each byte leaves when it is divided by the polynomial, bits reversed.
    private static let remainders: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
    }

    private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian, Array.init)
    }
}
