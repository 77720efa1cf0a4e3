/// Reads numbers from the bytes of a file, from front to back; past the end it throws.
struct ByteReader {
    let path: String
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], path: String, at position: Int = 0) {
        self.bytes = bytes
        self.path = path
        self.position = position
    }

    var remaining: Int { bytes.count - position }

    /// The next bytes.
    ///
    /// - Parameter what: what they are, for the error.
    mutating func take(_ count: Int, _ what: String) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw FileError(
                path, at: "byte \(position)", "the file ends in \(what): \(count) bytes expected, \(remaining) there")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func bigEndian<Number: FixedWidthInteger>(_ type: Number.Type, _ what: String) throws -> Number {
        try take(MemoryLayout<Number>.size, what).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func littleEndian<Number: FixedWidthInteger>(_ type: Number.Type, _ what: String) throws -> Number {
        try bigEndian(type, what).byteSwapped
    }

    mutating func skip(_ count: Int, _ what: String) throws { _ = try take(count, what) }
}

extension [UInt8] {
    /// Appends a number, its lowest byte first.
    mutating func append(littleEndian number: some FixedWidthInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}

extension [Int] {
    /// The product of sizes from a file; nil where one is negative or the product, zeros left out, does not fit: products of
    /// some of them do then, too.
    var checkedProduct: Int? {
        let ofOthers = reduce(1) { (product: Int?, size) in
            guard let product, size >= 0 else { return nil }
            let (result, overflow) = product.multipliedReportingOverflow(by: Swift.max(size, 1))
            return overflow ? nil : result
        }
        return contains(0) ? ofOthers.map { _ in 0 } : ofOthers
    }
}
