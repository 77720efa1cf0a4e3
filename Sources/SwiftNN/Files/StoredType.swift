/// A type of numbers in a file. All of them can be read into `Float`; those with more digits are rounded to it.
enum StoredType: String, CaseIterable {
    case bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float16, bfloat16, float32, float64

    /// Bytes of one number.
    var size: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    enum ByteOrder {
        case little, big
    }

    /// The numbers in `bytes`, of which there are `count`.
    func floats(_ bytes: ArraySlice<UInt8>, count: Int, order: ByteOrder, shape: [Int]) -> Tensor {
        let result = Tensor(uninitialized: shape)
        bytes.withUnsafeBytes { bytes in
            precondition(bytes.count == count * size && count == result.count)
            fill(result.storage.base, from: bytes, count: count, order: order)
        }
        return result
    }

    private func fill(
        _ out: UnsafeMutablePointer<Float>, from bytes: UnsafeRawBufferPointer, count: Int, order: ByteOrder
    ) {
        /// The numbers as raw bits, each turned into a `Float`.
        func each<Bits: FixedWidthInteger>(_ type: Bits.Type, _ float: (Bits) -> Float) {
            for i in 0..<count {
                let bits = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Bits>.size, as: Bits.self)
                out[i] = float(order == .little ? Bits(littleEndian: bits) : Bits(bigEndian: bits))
            }
        }
        switch self {
        case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
        case .uint8: each(UInt8.self) { Float($0) }
        case .int8: each(Int8.self) { Float($0) }
        case .uint16: each(UInt16.self) { Float($0) }
        case .int16: each(Int16.self) { Float($0) }
        case .uint32: each(UInt32.self) { Float($0) }
        case .int32: each(Int32.self) { Float($0) }
        case .uint64: each(UInt64.self) { Float($0) }
        case .int64: each(Int64.self) { Float($0) }
        case .float16: each(UInt16.self, Self.floatOfHalf)
        case .bfloat16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .float32: each(UInt32.self) { Float(bitPattern: $0) }
        case .float64: each(UInt64.self) { Float(Double(bitPattern: $0)) }
        }
    }

    /// IEEE binary16; `Float16` is not there on every platform.
    private static func floatOfHalf(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1f)
        let fraction = UInt32(bits & 0x3ff)
        switch exponent {
        case 0: return sign * Float(fraction) * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(bitPattern: UInt32(exponent + 112) << 23 | fraction << 13)
        }
    }
}
